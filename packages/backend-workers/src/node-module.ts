interface NodeModules {
  readonly "node:os": typeof import("node:os");
  readonly "node:worker_threads": typeof import("node:worker_threads");
}

/** A module of Node's where there is one, on Node, Deno and Bun, by a call that bundlers for browsers do not follow. */
export function nodeModule<Name extends keyof NodeModules>(name: Name): NodeModules[Name] | undefined {
  const { process } = globalThis as {
    process?: { versions?: { node?: string }; getBuiltinModule?(name: Name): NodeModules[Name] };
  };
  if (process?.versions?.node === undefined) return undefined;
  if (process.getBuiltinModule === undefined) {
    throw new Error("this Node has no process.getBuiltinModule: update it to 20.16, 22.3 or later");
  }
  return process.getBuiltinModule(name);
}
