import { liveObjects, loseGpu, onGpuCall } from "./gpu-objects.ts";
import { failed, type Mode, provider, runProgram, undisturbed, wrongEndings } from "./program.ts";

/** Calls `at` at each moment of a page: before each call to the GPU, and in the first turn of the event loop behind it. */
function eachMoment(at: () => void): () => void {
  let called = false;
  const end = onGpuCall(() => {
    called = true;
    at();
  });
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    if (called) at();
    called = false;
    port2.postMessage(0);
  };
  port2.postMessage(0);
  return () => {
    end();
    port1.close();
  };
}

/** Loses the GPU `times` times, at moments spread over the whole of the program. */
export async function losing(mode: Mode, times: number): Promise<{ problems: string[]; note: string }> {
  // The first run of a page takes longer than all others.
  await undisturbed(mode);
  let moments = 0;
  let stop = eachMoment(() => moments++);
  const expected = await runProgram(provider(mode));
  stop();
  if (failed(expected)) throw [...expected.values()].find((ending) => ending instanceof Error);
  const problems: string[] = [];
  let noticed = 0;
  for (let i = 0; i < times; i++) {
    const fatal = Math.floor(((i + 0.5) / times) * moments);
    let moment = 0;
    stop = eachMoment(() => {
      if (moment++ === fatal) loseGpu(mode);
    });
    const found = await runProgram(provider(mode));
    stop();
    if (failed(found)) noticed++;
    problems.push(
      ...wrongEndings(found, expected).map((problem) => `lost at moment ${fatal} of ${moments}: ${problem}`),
    );
  }
  const after = await runProgram(provider(mode));
  if (failed(after)) problems.push(`afterwards: ${[...after.values()].find((ending) => ending instanceof Error)}`);
  if (liveObjects().total > 0) problems.push(`left alive: ${JSON.stringify(liveObjects())}`);
  return { problems, note: `lost ${times} times over ${moments} moments, ${noticed} runs ended in typed errors` };
}
