/**
 * 2x + 1 for 1, 2, 3, by a provider's unary kernel.
 * @param {{ open(options: { onError(error: Error): void }): any }} provider
 */
export async function answer(provider) {
  const backend = await provider.open({
    onError(error) {
      throw error;
    },
  });
  const handle = backend.alloc("float", 3);
  backend.write(handle, [1, 2, 3]);
  backend.kernels.unary({ y: handle }, { x: handle }, { fn: "affine", alpha: 2, beta: 1, length: 3 });
  const values = await backend.read(handle);
  await backend.close();
  return [...values];
}
