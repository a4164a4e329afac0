// A task of nothing, for pools of workers.
export default function nothing(): number {
  return 0;
}
