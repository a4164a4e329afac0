/** @throws Error that says why threads can share no memory here, and the remedy */
export function requireSharedMemory(): void {
  if (typeof SharedArrayBuffer !== "undefined") return;
  const { crossOriginIsolated } = globalThis as { crossOriginIsolated?: boolean };
  throw new Error(
    crossOriginIsolated === false
      ? "crossOriginIsolated is false: serve the page with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp"
      : "this engine has no SharedArrayBuffer: take cpu() from @surprisal/backend-cpu",
  );
}

/** Whether this thread may wait for others. That of a page may not. */
export function mayWait(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}
