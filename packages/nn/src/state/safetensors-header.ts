import { ValueError } from "@surprisal/core";
import { forbiddenNames, METADATA } from "./safetensors-types.ts";

/** What a file's header says of one tensor, before that is checked. */
export interface HeaderEntry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly offsets: readonly number[];
}

export interface Header {
  readonly entries: readonly HeaderEntry[];
  readonly metadata: Record<string, string>;
}

/**
 * Reads a header by its own grammar, which has three levels and no more: a file that nests deeper, names a thing twice or
 * adds a field is refused where that stands. `JSON.parse` would take the last of two names, and any depth.
 * @throws ValueError that says where and what
 */
export function parseHeader(text: string): Header {
  const scan = new Scanner(text);
  const entries: HeaderEntry[] = [];
  let metadata: Record<string, string> | undefined;
  scan.object((name) => {
    if (name === METADATA) metadata = readMetadata(scan);
    else entries.push(readEntry(scan, name));
  });
  scan.end();
  return { entries, metadata: metadata ?? {} };
}

function readMetadata(scan: Scanner): Record<string, string> {
  const metadata: Record<string, string> = {};
  scan.object((name) => {
    metadata[name] = scan.string();
  });
  return metadata;
}

function readEntry(scan: Scanner, name: string): HeaderEntry {
  let dtype: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  scan.object((field) => {
    if (field === "dtype") dtype = scan.string();
    else if (field === "shape") shape = scan.wholeNumbers();
    else if (field === "data_offsets") offsets = scan.wholeNumbers();
    else scan.fail(`"${name}" has a field "${field}"`);
  });
  if (dtype === undefined || shape === undefined || offsets === undefined) {
    return scan.fail(`"${name}" needs dtype, shape and data_offsets`);
  }
  return { name, dtype, shape, offsets };
}

/** Takes a text apart from left to right. */
class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  fail(what: string): never {
    throw new ValueError(`decodeSafetensors: the header is wrong at character ${this.#at}: ${what}`);
  }

  /** `{ "name": … }`: `member` reads what stands behind each name. Each name stands once. */
  object(member: (name: string) => void): void {
    this.#expect("{");
    const seen = new Set<string>();
    if (this.#taken("}")) return;
    do {
      const name = this.string();
      if (seen.has(name)) this.fail(`"${name}" stands there twice`);
      if (forbiddenNames.has(name)) this.fail(`"${name}" is no name`);
      seen.add(name);
      this.#expect(":");
      member(name);
    } while (this.#taken(","));
    this.#expect("}");
  }

  string(): string {
    this.#expect('"');
    const start = this.#at;
    for (; ; this.#at++) {
      const character = this.#text[this.#at];
      if (character === undefined) this.fail("a text does not end");
      if (character === '"') break;
      if (character === "\\") this.#at++;
    }
    const quoted = this.#text.slice(start - 1, ++this.#at);
    try {
      return JSON.parse(quoted);
    } catch {
      return this.fail("a text that JSON does not know");
    }
  }

  /** `[1, 2]`: digits alone. */
  wholeNumbers(): number[] {
    this.#expect("[");
    const numbers: number[] = [];
    if (this.#taken("]")) return numbers;
    do {
      numbers.push(this.#wholeNumber());
      if (numbers.length > 64) this.fail("more than 64 numbers in a list");
    } while (this.#taken(","));
    this.#expect("]");
    return numbers;
  }

  end(): void {
    this.#space();
    if (this.#at < this.#text.length) this.fail("there is more behind the object");
  }

  #wholeNumber(): number {
    this.#space();
    const start = this.#at;
    while (isDigit(this.#text.charCodeAt(this.#at))) this.#at++;
    const digits = this.#text.slice(start, this.#at);
    const number = Number(digits);
    if (!/^(0|[1-9][0-9]*)$/.test(digits) || !Number.isSafeInteger(number)) {
      this.fail("expected a whole number from 0 to 2^53 − 1");
    }
    return number;
  }

  #expect(character: string): void {
    if (!this.#taken(character)) this.fail(`expected ${character}`);
  }

  #taken(character: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #space(): void {
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at++;
  }
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** JSON's four: space, tab, line feed, carriage return. */
function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
}
