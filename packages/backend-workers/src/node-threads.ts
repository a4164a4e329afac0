type NodeThreads = typeof import("node:worker_threads");

/** Node's threads, where there are such: on Node, Deno and Bun. Their web workers would keep a program alive. */
export async function nodeThreads(): Promise<NodeThreads | undefined> {
  const { process } = globalThis as { process?: { versions?: { node?: string } } };
  if (process?.versions?.node === undefined) return undefined;
  // A name that bundlers for browsers do not follow.
  const name = "node:worker_threads";
  return (await import(/* @vite-ignore */ name)) as NodeThreads;
}
