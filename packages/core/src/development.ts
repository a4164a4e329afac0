/** Node's and bundlers' way of saying that nobody is watching the console. */
const { process } = globalThis as { process?: { env?: { NODE_ENV?: string } } };

/** Whether to look for mistakes that are no errors, and to tell of them on the console. */
export const inDevelopment: boolean = process?.env?.NODE_ENV !== "production";
