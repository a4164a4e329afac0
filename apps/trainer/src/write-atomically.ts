import { type FileHandle, open, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

/** A file that cannot be written. */
export class OutputError extends Error {
  override readonly name = "OutputError";
}

/**
 * Finds out, before any work is done for it, whether a file can be written here. Returns where it will lie: a link's target,
 * so that the link stays one.
 * @throws OutputError
 */
export async function checkWritable(path: string): Promise<string> {
  const folder = dirname(resolve(path));
  try {
    if (!(await stat(folder)).isDirectory()) throw new Error("it is no folder");
  } catch (cause) {
    throw new OutputError(`${path}: the folder ${folder} cannot be used (${messageOf(cause)}); make it first`, {
      cause,
    });
  }
  const target = await realpath(path).catch(() => resolve(path));
  const existing = await stat(target).catch(() => undefined);
  if (existing !== undefined && !existing.isFile()) {
    throw new OutputError(`${path}: is no file but a folder, a pipe or a device; give the name of a file`);
  }
  const trial = temporaryFor(target);
  try {
    await (await open(trial, "wx")).close();
    await rm(trial);
  } catch (cause) {
    throw new OutputError(`${path}: nothing can be written into ${dirname(target)} (${messageOf(cause)})`, { cause });
  }
  return target;
}

/**
 * Writes a file so that its name always stands for a whole one, the one before or the new one, also after a crash: the bytes
 * go to a temporary file beside it, are forced to the disk, and then take the name (Pillai et al. 2014, "All File Systems
 * Are Not Created Equal").
 * @throws OutputError
 */
export async function writeAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = temporaryFor(path);
  try {
    await writeAndSync(await open(temporary, "wx"), bytes);
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {});
    throw new OutputError(
      `${path}: could not be written (${messageOf(cause)}); free some space or give another --out`,
      {
        cause,
      },
    );
  }
}

async function writeAndSync(file: FileHandle, bytes: Uint8Array): Promise<void> {
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the new name survive a loss of power. Windows opens no folders, and has nothing to sync. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function temporaryFor(path: string): string {
  return join(dirname(path), `.${basename(path).slice(0, 200)}.${process.pid}.tmp`);
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
