/** A file of documents, NDJSON or one JSON array, as a stream of numbered items. */
import { createReadStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { limits } from '../../limits.ts';
import { linesOf } from './lines.ts';
import { isRecord } from './server.ts';

export type Document = Readonly<Record<string, unknown>>;

export interface Item {
  /** The line in NDJSON, the place in an array: 1, 2, 3, … */
  readonly number: number;
  /** Of the file, up to and with this item: for progress. */
  readonly bytesRead: number;
  /** What the item is, or why it is none that could be sent. */
  readonly content: { readonly document: Document } | { readonly problem: string };
}

export interface DocumentFile {
  readonly bytes: number;
  /** What an item's number counts. */
  readonly unit: 'line' | 'element';
  readonly items: AsyncIterable<Item>;
}

/**
 * A file that begins with `[` is one JSON array; any other has a document on each line, blank ones aside.
 * @param from the number of the first item wanted; those before it are not looked at
 * @throws {Error} there is no such file, or it is an array that is too large or no JSON
 */
export async function openDocuments(path: string, from = 1): Promise<DocumentFile> {
  const { bytes, isArray } = await lookInto(path);
  return {
    bytes,
    unit: isArray ? 'element' : 'line',
    items: isArray ? fromElements(await readArray(path, bytes), bytes, from) : fromLines(path, from),
  };
}

async function* fromLines(path: string, from: number): AsyncGenerator<Item> {
  for await (const { number, text, bytesRead } of linesOf(createReadStream(path), limits.documentBytes)) {
    if (number < from || text?.trim() === '') continue;
    if (text === undefined) {
      yield { number, bytesRead, content: { problem: `longer than ${limits.documentBytes} bytes` } };
      continue;
    }
    let value: unknown;
    try {
      value = parseExactly(text);
    } catch (error) {
      yield { number, bytesRead, content: { problem: `no JSON: ${messageOf(error)}` } };
      continue;
    }
    yield { number, bytesRead, content: asDocument(value) };
  }
}

async function* fromElements(elements: readonly unknown[], bytes: number, from: number): AsyncGenerator<Item> {
  for (const [index, value] of elements.entries()) {
    const number = index + 1;
    if (number < from) continue;
    yield { number, bytesRead: Math.round((number / elements.length) * bytes), content: asDocument(value) };
  }
}

async function lookInto(path: string): Promise<{ bytes: number; isArray: boolean }> {
  await using file = await open(path);
  const { size } = await file.stat();
  const { buffer, bytesRead } = await file.read(Buffer.alloc(1024), 0, 1024, 0);
  const start = buffer
    .subarray(0, bytesRead)
    .toString()
    .replace(/^\uFEFF/, '')
    .trimStart();
  return { bytes: size, isArray: start.startsWith('[') };
}

async function readArray(path: string, bytes: number): Promise<readonly unknown[]> {
  if (bytes > limits.jsonFileBytes) {
    const problem = `a JSON array may have at most ${limits.jsonFileBytes} bytes, and this one has ${bytes}`;
    throw new Error(`${path}: ${problem}: make NDJSON of it, for example with jq -c '.[]'`);
  }
  let value: unknown;
  try {
    value = parseExactly((await readFile(path, 'utf8')).replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new Error(`${path}: no JSON: ${messageOf(error)}`, { cause: error });
  }
  return Array.isArray(value) ? value : [value];
}

/**
 * JSON.parse, but integers that a double cannot hold become the API's `{"$int64": "…"}` or `{"$uint64": "…"}`. Larger ones
 * than those hold are read as floats.
 */
function parseExactly(text: string): unknown {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  const exact = text.replace(/"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g, (token) =>
    token.startsWith('"') ? token : exactInteger(token),
  );
  return JSON.parse(exact);
}

function exactInteger(digits: string): string {
  const value = BigInt(digits);
  if (value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER) return digits;
  if (BigInt.asIntN(64, value) === value) return `{"$int64":"${digits}"}`;
  if (BigInt.asUintN(64, value) === value) return `{"$uint64":"${digits}"}`;
  return digits;
}

function asDocument(value: unknown): Item['content'] {
  return isRecord(value) ? { document: value } : { problem: 'a document is a JSON object' };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
