// The kernels. A function runs the blocks begin ≤ block < end of one phase of a call, a block being what its docstring says; `local`
// is 64 KiB of scratch of the calling thread. Addresses are bytes, lengths are elements, everything is row-major.
export { fusesMultiplyAdd } from "./fused-multiply-add";
export { gatherRows, scatterAddRows } from "./rows";
