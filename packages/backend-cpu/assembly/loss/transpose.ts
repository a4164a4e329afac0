// Four rows in memory, and the same in the lanes of a tile: vector j holds class j of each row.
import { at } from "../simd";

/** Fills a tile from four rows. Up to 12 bytes behind a row are read, and the tile has room for as many classes. */
export function transposeIn(tile: usize, a: usize, b: usize, c: usize, d: usize, classes: i32): void {
  for (let j = 0; j < classes; j += 4) {
    const ra = v128.load(at(a, j));
    const rb = v128.load(at(b, j));
    const rc = v128.load(at(c, j));
    const rd = v128.load(at(d, j));
    const ab = v128.shuffle<f32>(ra, rb, 0, 4, 1, 5);
    const cd = v128.shuffle<f32>(rc, rd, 0, 4, 1, 5);
    const AB = v128.shuffle<f32>(ra, rb, 2, 6, 3, 7);
    const CD = v128.shuffle<f32>(rc, rd, 2, 6, 3, 7);
    const class0 = v128.shuffle<f64>(ab, cd, 0, 2);
    const class1 = v128.shuffle<f64>(ab, cd, 1, 3);
    const class2 = v128.shuffle<f64>(AB, CD, 0, 2);
    const class3 = v128.shuffle<f64>(AB, CD, 1, 3);
    v128.store(tile, class0);
    v128.store(tile, class1, 16);
    v128.store(tile, class2, 32);
    v128.store(tile, class3, 48);
    tile += 64;
  }
}

/** Writes a tile to four rows, of which some may be the same. */
export function transposeOut(tile: usize, a: usize, b: usize, c: usize, d: usize, classes: i32): void {
  let j = 0;
  for (; j + 4 <= classes; j += 4, tile += 64) {
    const class0 = v128.load(tile);
    const class1 = v128.load(tile, 16);
    const class2 = v128.load(tile, 32);
    const class3 = v128.load(tile, 48);
    const ab01 = v128.shuffle<f32>(class0, class1, 0, 4, 1, 5);
    const ab23 = v128.shuffle<f32>(class2, class3, 0, 4, 1, 5);
    const cd01 = v128.shuffle<f32>(class0, class1, 2, 6, 3, 7);
    const cd23 = v128.shuffle<f32>(class2, class3, 2, 6, 3, 7);
    v128.store(at(a, j), v128.shuffle<f64>(ab01, ab23, 0, 2));
    v128.store(at(b, j), v128.shuffle<f64>(ab01, ab23, 1, 3));
    v128.store(at(c, j), v128.shuffle<f64>(cd01, cd23, 0, 2));
    v128.store(at(d, j), v128.shuffle<f64>(cd01, cd23, 1, 3));
  }
  for (; j < classes; j++, tile += 16) {
    store<f32>(at(a, j), load<f32>(tile));
    store<f32>(at(b, j), load<f32>(tile, 4));
    store<f32>(at(c, j), load<f32>(tile, 8));
    store<f32>(at(d, j), load<f32>(tile, 12));
  }
}
