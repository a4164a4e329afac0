/**
 * Watches what a page does with its GPU, by wrapping the platform's own classes: how many objects are alive, and each
 * call. Import it before anything opens a GPU.
 */

type Kind = "textures" | "buffers" | "programs" | "shaders";

/** What each context or device has made and not deleted. */
const owned = new Map<object, Record<Kind, number>>();
const lostDevices = new WeakSet<object>();
const isGone = (owner: object): boolean =>
  owner instanceof WebGL2RenderingContext ? owner.isContextLost() : lostDevices.has(owner);

/** How many are alive on the page. What a lost context or device had is gone with it. */
export function liveObjects(): Record<Kind, number> & { readonly total: number } {
  const live = { textures: 0, buffers: 0, programs: 0, shaders: 0 };
  for (const [owner, counts] of owned) {
    if (!isGone(owner)) for (const kind of Object.keys(live) as Kind[]) live[kind] += counts[kind];
  }
  return { ...live, total: live.textures + live.buffers + live.programs + live.shaders };
}

/** All contexts and devices that the page ever had, in order. */
export const contexts: WebGL2RenderingContext[] = [];
const devices: GPUDevice[] = [];

const listeners = new Set<(call: string) => void>();

/** Calls `listener` with the name of each call to the GPU, just before it is made. Returns what ends it. */
export function onGpuCall(listener: (call: string) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Takes the GPU of the youngest backend away. */
export function loseGpu(mode: string): void {
  if (mode === "webgpu") devices.at(-1)?.destroy();
  else contexts.at(-1)?.getExtension("WEBGL_lose_context")?.loseContext();
}

type Method = (this: unknown, ...values: never[]) => unknown;

/** Puts a method in another's place until the returned function is called. */
export function replaceMethod(prototype: object, name: string, make: (original: Method) => Method): () => void {
  const original = Reflect.get(prototype, name) as Method;
  const replace = (method: Method) =>
    Object.defineProperty(prototype, name, { value: method, configurable: true, writable: true });
  replace(make(original));
  return () => replace(original);
}

/** Calls `after` behind every call of a method, with what it gave. */
function watch(prototype: object, name: string, after: (given: unknown, values: unknown[], self: unknown) => void) {
  replaceMethod(
    prototype,
    name,
    (original) =>
      function (...values) {
        for (const listener of listeners) listener(name);
        const given = original.apply(this, values);
        after(given, values, this);
        return given;
      },
  );
}

/** Counts what `make` makes and `unmake` is given, or called on, each object once. */
function count(prototype: object, kind: Kind, make: string, unmake: string, from = prototype): void {
  const owners = new WeakMap<object, Record<Kind, number>>();
  watch(prototype, make, (given, _, owner) => {
    if (!given) return;
    const counts = owned.get(owner as object) ?? { textures: 0, buffers: 0, programs: 0, shaders: 0 };
    owned.set(owner as object, counts);
    owners.set(given, counts);
    counts[kind] += 1;
  });
  watch(from, unmake, (_, [first], self) => {
    const object = (from === prototype ? first : self) as object;
    const counts = object && owners.get(object);
    if (!counts) return;
    owners.delete(object);
    counts[kind] -= 1;
  });
}

const noteContext = (given: unknown): void => {
  if (given instanceof WebGL2RenderingContext && !contexts.includes(given)) contexts.push(given);
};
const ignore = (): void => {};
const gl = WebGL2RenderingContext.prototype;
watch(OffscreenCanvas.prototype, "getContext", noteContext);
watch(HTMLCanvasElement.prototype, "getContext", noteContext);
count(gl, "textures", "createTexture", "deleteTexture");
count(gl, "buffers", "createBuffer", "deleteBuffer");
count(gl, "programs", "createProgram", "deleteProgram");
count(gl, "shaders", "createShader", "deleteShader");
for (const name of ["linkProgram", "drawArrays", "texImage2D", "readPixels", "fenceSync", "getBufferSubData"]) {
  watch(gl, name, ignore);
}

if ("GPUDevice" in globalThis) {
  watch(GPUAdapter.prototype, "requestDevice", (given) => {
    const note = (device: GPUDevice): void => {
      devices.push(device);
      void device.lost.then(() => lostDevices.add(device));
    };
    void (given as Promise<GPUDevice>).then(note, ignore);
  });
  count(GPUDevice.prototype, "buffers", "createBuffer", "destroy", GPUBuffer.prototype);
  for (const name of ["createComputePipeline", "createComputePipelineAsync"]) watch(GPUDevice.prototype, name, ignore);
  for (const name of ["submit", "writeBuffer"]) watch(GPUQueue.prototype, name, ignore);
  for (const name of ["mapAsync", "getMappedRange"]) watch(GPUBuffer.prototype, name, ignore);
}
