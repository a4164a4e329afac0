/** The bytes of an IDX file as its header would have them, for tests: nothing here checks that they make sense. */
export function encodeIdx(shape: readonly number[], body: Uint8Array, type = 0x08): Uint8Array<ArrayBuffer> {
  const headerBytes = 4 + 4 * shape.length;
  const bytes = new Uint8Array(headerBytes + body.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0, 0, type, shape.length]);
  shape.forEach((size, axis) => {
    view.setUint32(4 + 4 * axis, size);
  });
  bytes.set(body, headerBytes);
  return bytes;
}
