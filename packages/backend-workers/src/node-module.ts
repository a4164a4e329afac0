interface NodeModules {
  readonly "node:os": typeof import("node:os");
  readonly "node:worker_threads": typeof import("node:worker_threads");
}

/** Node's own module of that name, by a call that bundlers for browsers do not follow. */
export function nodeModule<Name extends keyof NodeModules>(name: Name): NodeModules[Name] {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: Name): NodeModules[Name] } };
  if (process?.getBuiltinModule === undefined) {
    throw new Error("this Node has no process.getBuiltinModule: update it to 20.16, 22.3 or later");
  }
  return process.getBuiltinModule(name);
}
