// The end of a run that is no whole vector: a loop stores its last vector in the thread's scratch instead, and the one to three
// floats that belong to the run are copied from there.

/** Copies what a run of `bytes` left at `scratch`, if its last vector was not whole; `y` is the address behind that vector. */
// @ts-ignore: decorator
@inline
export function finish(y: usize, scratch: usize, bytes: usize): void {
  memory.copy(y - 16, scratch, bytes & 15);
}
