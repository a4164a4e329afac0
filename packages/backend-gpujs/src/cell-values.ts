import type { Accelerator } from "./accelerator.ts";
import { type Cell, makeCell } from "./cell.ts";
import type { Failures } from "./failures.ts";
import type { DeviceArray } from "./gpu-js.ts";
import type { Programs } from "./programs.ts";

/** What cells hold: an array belongs to one cell, and is deleted when the cell gets another value. */
export interface CellValues {
  /** 1 as long as all marks were right: see {@link checkMarks}. */
  readonly guard: Cell;
  /** Puts `value` into the cell, unless the device was lost meanwhile. */
  store(cell: Cell, value: DeviceArray): void;
  /** Puts one number everywhere. */
  fill(cell: Cell, value: number): void;
  drop(cell: Cell): void;
  dropAll(): void;
  /** What a launch reads. Fewer than `cells` once the device is lost. */
  arraysOf(cells: readonly Cell[]): Promise<DeviceArray[]>;
}

const uniformSource = "function (value) { return value; }";

export function makeCellValues(programs: Programs, accelerator: Accelerator, failures: Failures): CellValues {
  const guard = makeCell("float", 1, 1);
  const full = new Set<Cell>();

  function drop(cell: Cell): void {
    const { value } = cell;
    cell.value = undefined;
    full.delete(cell);
    if (value) accelerator.delete(value);
  }

  function store(cell: Cell, value: DeviceArray): void {
    if (failures.lost) {
      accelerator.delete(value);
      return;
    }
    drop(cell);
    cell.value = value;
    full.add(cell);
  }

  return {
    guard,
    store,
    fill(cell, value) {
      drop(cell);
      cell.uniform = value;
    },
    drop,
    dropAll() {
      for (const cell of full) drop(cell);
    },
    async arraysOf(cells) {
      const arrays: DeviceArray[] = [];
      for (const cell of cells) {
        if (!cell.value) {
          store(cell, await programs.run(uniformSource, { numbers: [cell.uniform] }, Math.max(1, cell.length)));
        }
        if (cell.value) arrays.push(cell.value);
      }
      return arrays;
    },
  };
}
