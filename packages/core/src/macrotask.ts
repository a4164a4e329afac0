/** Lets everything that waits run once: by setImmediate, or by messages, since browsers delay timers by 4 ms. */
export function macrotask(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => void };
  if (setImmediate !== undefined) return new Promise((resolve) => setImmediate(resolve));
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    let second = false;
    port1.onmessage = () => {
      if (second) {
        port1.close();
        resolve();
        return;
      }
      // Timers that are due queue up only now, behind the first message.
      second = true;
      port2.postMessage(0);
    };
    port2.postMessage(0);
  });
}
