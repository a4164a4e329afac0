/**
 * The backend contract: all that the author of a backend reads.
 *
 * A backend is a memory and a set of kernels over it. Core owns shapes, lifetimes and gradients: it validates every
 * argument, allocates every output and decides when memory is freed. A backend never sees a shape error, a gradient
 * or a scope, and core never looks inside a handle.
 *
 * ## The queue
 * - **Enqueueing is synchronous; {@link Backend.read} is the one wait.** A kernel call returns nothing, at once.
 * - Kernels, `write`, `free` and `read` take effect in the order of the calls. `write` has copied its data when it
 *   returns. `read` captures the value its handle has at its place in the order: a later kernel that overwrites the
 *   handle, or a later `free`, does not change what it resolves to.
 * - **A failed call poisons its outputs**, and what is computed from them: reading a poisoned handle rejects with the
 *   first cause. Other reads succeed. A lost device poisons everything.
 * - A failure that nobody reads surfaces twice: through {@link OpenOptions.onError} when it happens, and as the
 *   rejection of {@link Backend.close}. A failure that belongs to no call counts as a lost device.
 * - A queue that works in the background yields to the event loop: thousands of calls may stand in it before a read.
 * - Kernels never fail for data: NaN and infinities are numbers. What can fail is memory or a device. A backend that
 *   computes at the call may throw such a failure from the call itself (`alloc`, `write` or a kernel; not `free`).
 * - A successful `write`, or a successful call that overwrites it, makes a poisoned handle good again.
 *
 * ## Data
 * - Every handle is one flat run of numbers, row-major and contiguous, exactly as long as the kernel's numbers
 *   say (except `rearrange`'s `x`, which may have any length, and what `binary` broadcasts). `"float"` is the backend's own floating point
 *   format; `"i32"` holds labels and indices, nothing else. A backend without integers may hold i32 as floats: every
 *   value is at most 2^24 in magnitude.
 * - **Every output is overwritten completely**; what it held before is never read, except where a kernel says so.
 *   A fresh handle holds anything.
 * - An output may be the same handle as an input only where the kernel says "may alias". (A backend of immutable
 *   buffers swaps a new buffer into the handle, and then aliasing is free.) Outputs of one call never alias each other.
 * - Lengths may be 0, and then a kernel writes what an empty loop would.
 * - The sign of a zero is not specified.
 *
 * ## Host numbers
 * - **Structure** may be compiled into a kernel: sizes, strides, `from`, `to`, `fn`, the booleans, which handles are
 *   there, whether `smoothing` is 0, whether there are `terms`, and which of `softcap`, `zLoss`, `focal` and `poly` in
 *   them are 0. **Values** may differ in every call and must not cost a compilation: `alpha`, `beta`, `value`,
 *   `smoothing`, `scale`, `offset`, the numbers of `terms`, and every number of `sgd` and `adamw` but the length.
 * - Host numbers are float64. What is derived from them (1 − β, ε/C) is formed before it is rounded to float32.
 *
 * ## Sums
 * Every long sum has a tree fixed by the shape alone, never by threads or timing, so that a backend gives the same bits
 * every time and for any number of threads. How long its blocks are is the backend's affair: in float32 they must be
 * short (a run of 4096 equal numbers is off by 3.9e-5), in float64 they need not.
 *
 * The contract is frozen: it may grow by optional kernels, optional inputs and optional parameters that come with a
 * fact, never by a new obligation. docs/decisions/0003-the-contract-after-gpujs.md tells what shaped it.
 */

/** What a handle holds: the backend's own floating point numbers, or integers (labels and indices only). */
export type Kind = "float" | "i32";

/** What `read` gives back: a fresh copy that the caller owns. */
export type HostArray = Float32Array | Float64Array | Int32Array;

/**
 * How exact a backend is. The conformance kit holds each class to its own tolerance, and never asks for the backend's
 * name: `f64` — float64 throughout; `f32-rounded` — float32 in and out, computed in float64 and rounded once;
 * `f32` — float32 arithmetic with compensated or blocked sums; `f32-gpu` — float32 on a device that may flush small
 * numbers to zero and whose exp and log are only nearly right.
 */
export type PrecisionClass = "f64" | "f32-rounded" | "f32" | "f32-gpu";

/** What a backend says about itself, as data. Core and the kit branch on these, never on a name. */
export interface Facts {
  /** The backend's name, as users select it. */
  readonly name: string;
  /** The tolerance class it is held to. */
  readonly precision: PrecisionClass;
  /** Bytes of one float: 4 or 8. */
  readonly floatBytes: 4 | 8;
  /** Which build of its kernels runs; results are repeatable bit by bit within one variant. */
  readonly variant: string;
  /**
   * Whether NaN and infinities follow IEEE 754 everywhere. Where a driver swallows NaN (false), a row of the loss that
   * should be NaN is at least not finite, other rows are untouched, and elementwise kernels promise nothing for NaN.
   */
  readonly strictNonFinite: boolean;
  /** The largest number of elements that one handle can hold. */
  readonly maxLength: number;
  /** Whether `softmaxCrossEntropy` takes `inner` > 1 (the class axis is not the last one). Core permutes otherwise. */
  readonly innerClass: boolean;
  /** Whether `softmaxCrossEntropy` and `linearCrossEntropy` take `terms`. Core derives them otherwise; absent means false. */
  readonly lossTerms?: boolean | undefined;
  /** Whether `softmaxCrossEntropy` has the output `diagnostics`. Core derives it otherwise; absent means false. */
  readonly lossDiagnostics?: boolean | undefined;
  /**
   * Whether `softmaxCrossEntropy` has the input `temperature` and the output `temperatureSlope`, beside `lossTerms`. Core
   * derives them otherwise; absent means false.
   */
  readonly lossTemperature?: boolean | undefined;
  /**
   * Whether `softmaxCrossEntropy` takes `labels` together with `probabilities`, to mark ignored rows. Core masks copies
   * otherwise; absent means false.
   */
  readonly lossMarks?: boolean | undefined;
  /** How many threads compute. */
  readonly threads: number;
  /** The device in words, for reports. */
  readonly device: string;
}

/** What a backend holds on its device, for reports: more than the tensors, since memory that was freed is kept for reuse. */
export interface HeldMemory {
  /** Bytes that it has taken from the system, in use or not. */
  readonly reservedBytes: number;
  /** The most that it may take. */
  readonly limitBytes: number;
}

/** What core hands to a backend that it opens. */
export interface OpenOptions {
  /** Called once for each failure of a queued call, when it happens. */
  readonly onError: (error: Error) => void;
  /** Ends opening: where a backend waits for something, it gives up, releases all and rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A backend that could be opened: what `openDevice` takes a list of. A plain value; nothing is registered anywhere.
 * @typeParam H the backend's own handle
 */
export interface BackendProvider<H = unknown> {
  /** The name under which reports and errors speak of it. */
  readonly name: string;
  /**
   * Opens the backend, or throws (rejects) with an Error whose message is the reason why it is not available here
   * and, where there is one, the remedy.
   */
  open(options: OpenOptions): Backend<H> | Promise<Backend<H>>;
}

/** An open backend: a memory and the kernels over it. */
export interface Backend<H = unknown> {
  readonly facts: Facts;
  readonly kernels: Kernels<H>;
  /**
   * Reserves `length` (≥ 0) elements. May throw when memory is exhausted, and then nothing else has happened; or it may
   * reserve lazily, and then want of memory poisons what is written first.
   */
  alloc(kind: Kind, length: number): H;
  /** Gives a handle back, in queue order. Core frees each handle once and does not use it afterwards. */
  free(handle: H): void;
  /** Copies `data` (as long as the handle; whole numbers for `i32`) into the handle before it returns. */
  write(handle: H, data: ArrayLike<number>): void;
  /** The value at this place of the queue, as a copy. Rejects if the handle is poisoned or the device is lost. */
  read(handle: H): Promise<HostArray>;
  /** What is held at this moment, where a backend can say. Optional; not called after `close`. */
  memory?(): HeldMemory;
  /** Releases everything. Rejects with the first failure that no `read` has reported. Called once. */
  close(): Promise<void>;
}

/** The required kernels and the optional fusions. */
export interface Kernels<H = unknown> extends RequiredKernels<H>, Partial<Fusions<H>> {}

/**
 * The kernels that every backend has. Each is a plain function of (outputs, inputs, host numbers), with at most seven
 * inputs.
 * Methods, not properties, so that a backend with handles of its own type is assignable to `Backend`.
 */
export interface RequiredKernels<H = unknown> {
  /**
   * C = op(A)·op(B), or C += op(A)·op(B) with `accumulate`, for `batch` independent products.
   * op(A) is m×k, stored k×m with `transA`; op(B) is k×n, stored n×k with `transB`; C is m×n.
   * k = 0 gives zeros (or leaves C as it was). No aliasing.
   */
  gemm(outputs: { readonly c: H }, inputs: { readonly a: H; readonly b: H }, params: GemmParams): void;

  /** y_i = fn(x_i; α, β) for `length` elements. `y` may alias `x`. */
  unary(outputs: { readonly y: H }, inputs: { readonly x: H }, params: UnaryParams): void;

  /**
   * y[o, x, i] = fn(a[o, x, i], b[o, x, i]) over outer × axis × inner. An operand is row-major over the axes that it has, and its stride is
   * 0 along those that it has not. `y` is contiguous and may alias an operand that has its strides.
   */
  binary(outputs: { readonly y: H }, inputs: { readonly a: H; readonly b: H }, params: BinaryParams): void;

  /** y_i = condition_i ≠ 0 ? a_i : b_i. The operand that is not taken may be NaN. `y` may alias any input. */
  select(
    outputs: { readonly y: H },
    inputs: { readonly condition: H; readonly a: H; readonly b: H },
    params: { readonly length: number },
  ): void;

  /**
   * y[o, i] = fold of x[o, ·, i] along the axis, for outer × axis × inner.
   * `max` and `min` give NaN if any element is; `argmax` gives the FIRST index of the maximum (the first NaN, if there
   * is one) as a float. axis ≥ 1 for `max`, `min` and `argmax`; the sum of nothing is 0. No aliasing.
   */
  reduce(outputs: { readonly y: H }, inputs: { readonly x: H }, params: ReduceParams): void;

  /**
   * Permute, broadcast, slice, flip, pad and concatenate in one: y[d] = x[offset + Σ d_i·strides_i] where every
   * coordinate has from_i ≤ d_i < to_i, and background[d] (0 without a background) elsewhere.
   * The index is in range wherever it is used; from_i = to_i leaves background alone, which is as long as `y`. `y` may alias `background`, not `x`.
   */
  rearrange(
    outputs: { readonly y: H },
    inputs: { readonly x: H; readonly background?: H | undefined },
    params: RearrangeParams,
  ): void;

  /** y_i = value. */
  fill(outputs: { readonly y: H }, inputs: Record<never, never>, params: FillParams): void;

  /** y[r, ·] = table[indices_r, ·]. Indices are in range. No aliasing. */
  gatherRows(
    outputs: { readonly y: H },
    inputs: { readonly table: H; readonly indices: H },
    params: GatherParams,
  ): void;

  /**
   * table[t, ·] = Σ values[order_j, ·] for j = starts_t … starts_{t+1} − 1, in that order; 0 where the range is empty.
   * Core has sorted the indices (stable) once: no atomics, and each row is summed in one fixed order. No aliasing.
   * @param inputs `order` is i32 [rows], `starts` i32 [tableRows + 1]
   */
  scatterAddRows(
    outputs: { readonly table: H },
    inputs: { readonly values: H; readonly order: H; readonly starts: H },
    params: ScatterParams,
  ): void;

  /**
   * The fused loss, on rows of logits z with C classes. For each row, with the effective target T, S = Σ T_j,
   * m = max z_j, k = the first index of m and the complement sum s' = Σ_{j≠k} e^{z_j − m}:
   *
   * - labels y:        T_j = (1−ε)·w_y·[j = y] + (ε/C)·w_j
   * - probabilities q: T_j = w_j·((1−ε)·q_j + ε/C)
   * - neither:         only `state` is asked for
   * - rowLoss  = Σ_{j: T_j ≠ 0} T_j·(m − z_j) + S·log1p(s')      (not scaled)
   * - gradient_j = u·(S·p_j − T_j), with p_j = e^{z_j − m}/(1 + s') and u = scale·rowScale
   * - state    = (m, k, s'), three floats a row
   *
   * Exactness is the point. A one-hot row whose margin is 50 has loss and label gradient ±3.9e-22·(C−1), not 0:
   * take the class k out of its own sum, S·p_k − T_k = (Σ_{j≠k} T_j − T_k·s')/(1+s'), or leave the label out of the sum
   * in the first pass (R = Σ_{j≠y}, loss = log1p(R/E), label gradient = −u·R/(R+E)).
   *
   * Row by row: label −1 means ignored: its logits are not read, loss 0, gradient exactly 0, state the identity
   * (−∞, −1, 0). −∞ at a class with T_j = 0: that class has p = 0 and gradient 0. −∞ at a class with T_j > 0: loss +∞,
   * gradient finite. A NaN or +∞ logit, or all logits −∞: loss and gradient NaN in that row only. Its state is
   * (NaN, −1, NaN) if any logit is NaN, else (+∞, k, NaN) for a +∞, and the identity for all −∞.
   *
   * `gradient` may alias `logits`, nothing else aliases. Any subset of the outputs may be asked for. `state`, where given
   * as input, is this kernel's own output for the same logits, the same ignored rows and the same temperature and cap; it
   * lets a backend skip the first pass, and may be left unused. Whatever its `rowScale`, an ignored row has gradient 0.
   *
   * **With `terms`** (only where the fact `lossTerms` is true) all of the above is said of z' in place of z, and the row
   * loss and gradient grow. With t = 1/τ (`inverseTemperature`) and c (`softcap`; no cap where it is 0):
   *
   * - z'_j = c·tanh(t·z_j/c), or t·z_j without a cap. Infinities and NaN pass unchanged: −∞ still masks its class.
   * - d_j  = ∂z'_j/∂z_j = t·(1 − tanh²(t·z_j/c)), or t without a cap; 0 at −∞ with a cap.
   *   1 − tanh²(x) = 4e/(1 + e)² with e = e^(−2|x|), where nothing cancels.
   * - k is the first index of the largest z, which is a largest z' too, also where the cap has rounded several to ±c.
   *   m = z'_k, s' = Σ_{j≠k} e^{z'_j − m}, p_j = e^{z'_j − m}/(1 + s'), ℓ the loss above, with z' for z.
   * - r = 1 − p_y for the label y, out of the complement sum: s'/(1 + s') where y = k, else 1 − p_y, which is ≥ 1/2.
   *   ν = −log p_y = (m − z'_y) + log1p(s'), without weights. λ is `zLoss`, γ `focal`, ε₁ `poly`; lse = m + log1p(s').
   * - rowLoss  = r^γ·(ℓ + ε₁·w_y·r) + λ·lse²
   * - gradient_j = u·(F·(S·p_j − T_j) + 2λ·lse·p_j)·d_j, with F = r^γ·((1 + ε₁·p_y) + γ·p_y·(ν/r + ε₁))
   * - state    = (m, k, s') of z'
   *
   * So a row has two numbers, A = u·(F·S + 2λ·lse) and B = u·F, and gradient_j = (A·p_j − B·T_j)·d_j; at the class k the
   * first summand is taken in the form without cancellation, as above. Where γ = 0 and ε₁ = 0, F is 1 and r is not needed.
   * Otherwise there are labels and no smoothing (core sees to it). r^0 = 1, also for r = 0; ν/r → 1 for r → 0 (a row so
   * confident that s' is 0); a product with p_y = 0 is 0 (ν is +∞ where the label is at −∞, and F = 1 there); a row with
   * w_y = 0 has r^γ·(…) = 0.
   * Without a cap, subtract before scaling: z'_j − m = t·(z_j − z_k), so that a common offset of the logits costs nothing,
   * and so that only a logit that is not finite itself makes its row NaN (t·z may overflow, and then m is ±∞).
   * λ·lse² is not weighted by `classWeights`; u weighs all of the gradient. An ignored row has loss 0 and gradient 0.
   *
   * **`diagnostics`** (only where the fact `lossDiagnostics` is true, and with labels or probabilities) is
   * (rank, entropy, margin) a row. With y the label, or the first class of the largest probability q_j:
   *
   * - rank    = #(j: z_j > z_y) + #(j < y: z_j = z_y), of the logits as they are given; 0 where y is what argmax finds
   * - entropy = −Σ p_j·log p_j = log1p(s') + Σ_{p_j≠0} p_j·(m − z'_j)
   * - margin  = z'_y − max_{j≠y} z'_j; +∞ for one class
   *
   * An ignored row has (−1, 0, 0), a row whose loss is NaN because of its logits three NaN.
   *
   * **`temperature`** (only where the fact `lossTemperature` is true, and with `terms`) is τ on the device: t = 1/τ of that
   * number in place of `inverseTemperature`. **`temperatureSlope`** (with that fact and `terms`; whether t comes from here
   * or there) is ∂rowLoss/∂τ, one number a row. With v_j = ∂z'_j/∂τ, which is −t·z_j·d_j with a cap (0 at −∞) and −t²·z_j
   * without (v_k at −∞), and w_j = v_j − v_k, which is t·(m − z'_j) without a cap:
   *
   * - temperatureSlope = F·(S·Σ p_j·w_j − Σ_{T_j≠0} T_j·w_j) + 2λ·lse·(Σ p_j·w_j + v_k), the sums over j ≠ k
   *
   * An ignored row has 0, a row whose loss is NaN because of its logits NaN.
   *
   * **`labels` together with `probabilities`** (only where the fact `lossMarks` is true) mark rows and nothing else: a row
   * of −1 is ignored, as above, and neither its logits nor its probabilities are read; any other label says nothing.
   */
  softmaxCrossEntropy(
    outputs: {
      readonly rowLoss?: H | undefined;
      readonly gradient?: H | undefined;
      readonly state?: H | undefined;
      /** [rows, 3] */
      readonly diagnostics?: H | undefined;
      /** [rows] */
      readonly temperatureSlope?: H | undefined;
    },
    inputs: {
      /** [rows, classes] (with `inner` > 1: [rows / inner, classes, inner]) */
      readonly logits: H;
      /** i32 [rows]: 0 ≤ label < classes, or −1 for an ignored row. Together with `probabilities` only as marks. */
      readonly labels?: H | undefined;
      /** Laid out as the logits. */
      readonly probabilities?: H | undefined;
      /** w, [classes]; 1 if absent. */
      readonly classWeights?: H | undefined;
      /** [rows]; 1 if absent. */
      readonly rowScale?: H | undefined;
      /** τ > 0, [1]. */
      readonly temperature?: H | undefined;
      /** [rows, 3] */
      readonly state?: H | undefined;
    },
    params: SoftmaxCrossEntropyParams,
  ): void;
}

export interface GemmParams {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batch: number;
  readonly transA: boolean;
  readonly transB: boolean;
  readonly accumulate: boolean;
}

/**
 * The functions of `unary`:
 * `affine` α·x + β · `pow` x^α (x may be negative where α is a whole number) · `clamp` to [α, β] (α ≤ β), NaN stays · `exp` · `expm1` · `log` · `log1p` · `tanh` ·
 * `sigmoid` 1/(1 + e^−x) · `relu` max(x, 0), NaN stays · `step` x > 0 ? 1 : 0 · `abs` · `sign` (0 for 0, NaN stays) ·
 * `normalCdf` Φ(x) = erfc(−x/√2)/2 · `geluErf` x·Φ(x) · `geluTanh` x·sigmoid(2·√(2/π)·(x + 0.044715·x³)).
 */
export type UnaryFunction =
  | "affine"
  | "pow"
  | "clamp"
  | "exp"
  | "expm1"
  | "log"
  | "log1p"
  | "tanh"
  | "sigmoid"
  | "relu"
  | "step"
  | "abs"
  | "sign"
  | "normalCdf"
  | "geluErf"
  | "geluTanh";

export interface UnaryParams {
  readonly fn: UnaryFunction;
  readonly alpha: number;
  readonly beta: number;
  readonly length: number;
}

/**
 * The functions of `binary`:
 * `add` α·a + β·b · `mul` a·b · `div` a/b · `pow` a^b · `min`, `max` (NaN if either is) ·
 * `equal`, `less`, `lessEqual` 1 or 0 (0 if either is NaN). α and β are used by `add` alone.
 */
export type BinaryFunction = "add" | "mul" | "div" | "pow" | "min" | "max" | "equal" | "less" | "lessEqual";

/** Element strides of an operand over (outer, axis, inner); 0 broadcasts. */
export type Strides3 = readonly [outer: number, axis: number, inner: number];

export interface BinaryParams {
  readonly fn: BinaryFunction;
  readonly alpha: number;
  readonly beta: number;
  readonly outer: number;
  readonly axis: number;
  readonly inner: number;
  readonly aStrides: Strides3;
  readonly bStrides: Strides3;
}

export type ReduceFunction = "sum" | "max" | "min" | "argmax" | "sumSquares";

export interface ReduceParams {
  readonly fn: ReduceFunction;
  readonly outer: number;
  readonly axis: number;
  readonly inner: number;
}

/** All four lists have the length of `dims`: 1 to 5. Strides may be 0 (broadcast) or negative (flip). */
export interface RearrangeParams {
  readonly dims: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
  readonly from: readonly number[];
  readonly to: readonly number[];
}

export interface FillParams {
  readonly value: number;
  readonly length: number;
}

export interface GatherParams {
  readonly rows: number;
  readonly cols: number;
  readonly tableRows: number;
}

export interface ScatterParams {
  readonly rows: number;
  readonly cols: number;
  readonly tableRows: number;
}

export interface SoftmaxCrossEntropyParams {
  readonly rows: number;
  /** 1 ≤ classes ≤ 2^24 */
  readonly classes: number;
  /** 1, or with the `innerClass` fact the length of the axes behind the class axis; it divides `rows`. */
  readonly inner: number;
  /** Label smoothing ε, 0 ≤ ε ≤ 1. */
  readonly smoothing: number;
  /** The host's part of u. */
  readonly scale: number;
  /** What the loss has beyond cross-entropy; absent where all of it is neutral. Needs the fact `lossTerms`. */
  readonly terms?: LossTerms | undefined;
}

/** The further terms of the loss (see `softmaxCrossEntropy`). Each number has a neutral value. */
export interface LossTerms {
  /** t = 1/τ > 0; 1 is neutral. */
  readonly inverseTemperature: number;
  /** c > 0; 0 for no cap. */
  readonly softcap: number;
  /** λ ≥ 0; 0 is neutral. */
  readonly zLoss: number;
  /** γ ≥ 0; 0 is neutral. Above 0: labels, `smoothing` 0. */
  readonly focal: number;
  /** ε₁ ≥ −1; 0 is neutral. Otherwise: labels, `smoothing` 0. */
  readonly poly: number;
}

/**
 * The optional kernels. Core derives each from the required ones where a backend has none, and the kit checks a
 * backend's own against the derived form.
 */
export interface Fusions<H = unknown> {
  /** Y = X·W + b: X [rows, inputs], W [inputs, units], b [units] (0 if absent), Y [rows, units]. No aliasing. */
  linear(
    outputs: { readonly y: H },
    inputs: { readonly x: H; readonly w: H; readonly b?: H | undefined },
    params: LinearParams,
  ): void;

  /** dX = G·Wᵀ, dW = Xᵀ·G, db = Σ_rows G, for G = ∂Y. Any subset of the outputs may be asked for. No aliasing. */
  linearGradient(
    outputs: { readonly dx?: H | undefined; readonly dw?: H | undefined; readonly db?: H | undefined },
    inputs: { readonly x: H; readonly w: H; readonly g: H },
    params: LinearParams,
  ): void;

  /**
   * `linear` and `softmaxCrossEntropy` as one: z = X·W + b, whose rows × classes logits never exist whole. Outputs
   * and targets as in `softmaxCrossEntropy`; dX, dW and db are those of `linear` under its gradient.
   */
  linearCrossEntropy(
    outputs: {
      readonly rowLoss?: H | undefined;
      readonly state?: H | undefined;
      readonly dx?: H | undefined;
      readonly dw?: H | undefined;
      readonly db?: H | undefined;
    },
    inputs: {
      readonly x: H;
      readonly w: H;
      readonly b?: H | undefined;
      readonly labels?: H | undefined;
      readonly probabilities?: H | undefined;
      readonly classWeights?: H | undefined;
      readonly rowScale?: H | undefined;
      readonly state?: H | undefined;
    },
    params: SoftmaxCrossEntropyParams & {
      /** Length of a row of X. */
      readonly inputs: number;
      /** W is stored [classes, inputs]. */
      readonly transW: boolean;
      /** The most bytes that logits may take at a time; one row is always allowed. `inner` is 1 here. */
      readonly maxBytes: number;
    },
  ): void;

  /**
   * Stochastic gradient descent with momentum, PyTorch's formula (torch.optim.SGD):
   * d = g + weightDecay·p; v = momentum·v + (1 − dampening)·d; p −= learningRate·(nesterov ? d + momentum·v : v).
   * Without `velocity`, v = d; without decay d = g, also where p is infinite. Each output aliases the input of its name.
   */
  sgd(
    outputs: { readonly parameter: H; readonly velocity?: H | undefined },
    inputs: { readonly parameter: H; readonly gradient: H; readonly velocity?: H | undefined },
    params: SgdParams,
  ): void;

  /**
   * Adam and AdamW, PyTorch's formula (torch.optim.Adam, AdamW; Kingma & Ba 2015, Loshchilov & Hutter 2019):
   * decoupled: p −= learningRate·weightDecay·p; else g += weightDecay·p; m = β₁·m + (1−β₁)·g; v = β₂·v + (1−β₂)·g²;
   * p −= learningRate/correction1 · m / (√v/√correction2 + ε), correction_i = 1 − β_iᵗ from the host.
   * Without decay its terms are left out, also where p is infinite. Each output aliases the input of its name.
   */
  adamw(
    outputs: { readonly parameter: H; readonly mean: H; readonly variance: H },
    inputs: { readonly parameter: H; readonly gradient: H; readonly mean: H; readonly variance: H },
    params: AdamParams,
  ): void;
}

export interface LinearParams {
  readonly rows: number;
  readonly inputs: number;
  readonly units: number;
}

export interface SgdParams {
  readonly length: number;
  readonly learningRate: number;
  readonly momentum: number;
  readonly dampening: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
  /** The gradient is multiplied by this first. */
  readonly gradientScale: number;
}

export interface AdamParams {
  readonly length: number;
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Whether the decay is AdamW's (decoupled) or Adam's (added to the gradient). */
  readonly decoupled: boolean;
  readonly correction1: number;
  readonly correction2: number;
  /** The gradient is multiplied by this first. */
  readonly gradientScale: number;
}
