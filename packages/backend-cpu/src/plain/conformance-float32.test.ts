import { describeBackend } from "@surprisal/conformance/vitest";
import { expect, test, vi } from "vitest";
import { plain } from "./index.ts";

const warn = vi.spyOn(console, "warn");

describeBackend({ name: "plain in float32 passes every quick case", create: () => plain({ precision: "f32" }) });

test("and the kit has drawn no warning from core", () => expect(warn.mock.calls).toEqual([]));
