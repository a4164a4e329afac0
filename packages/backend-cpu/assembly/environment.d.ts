/** Whether this build may use relaxed SIMD; set by the compiler's command line. */
declare const RELAXED: bool;
