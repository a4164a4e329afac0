import { expect, it, vi } from "vitest";
import { threads } from "./threads.ts";

/** What asking for threads says where `process` is something else. */
function complaintWith(process: object | undefined): unknown {
  vi.stubGlobal("process", process);
  try {
    return threads("");
  } catch (error) {
    return (error as Error).message;
  } finally {
    vi.unstubAllGlobals();
  }
}

it("a place without threads or workers is told from a Node that is too old", () => {
  expect(complaintWith(undefined)).toBe("there are no workers in this place (Worker is missing)");
  expect(complaintWith({ versions: { node: "20.0.0" } })).toMatch(
    /^this Node has no process.getBuiltinModule: update it/,
  );
});
