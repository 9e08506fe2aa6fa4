/** Reads documents from a file as numbered items: one per line, one after another, or in one JSON array. */
import { isUtf8 } from 'node:buffer';
import { limits } from '../../limits.ts';
import { openSource } from './document-source.ts';
import { JsonProblem, parseExactly } from './exact-json.ts';
import { type Line, linesOf } from './lines.ts';
import { isRecord } from './server.ts';
import { type TextOfValue, ValueSplitter } from './values.ts';

export type Document = Readonly<Record<string, unknown>>;

export interface Item {
  /** The line in NDJSON, or the place in an array: 1, 2, 3, … */
  readonly number: number;
  /** Bytes of the file up to and including this item, for progress. */
  readonly bytesRead: number;
  /** The document, or the reason why it cannot be sent. */
  readonly content: { readonly document: Document } | { readonly problem: string };
}

export interface DocumentFile extends Disposable {
  /** Undefined if it is not known, as for a pipe. */
  readonly bytes: number | undefined;
  /** The unit of the items' numbers. */
  readonly unit: 'line' | 'element';
  readonly items: AsyncIterable<Item>;
}

type Form = 'lines' | 'sequence' | 'array';

/**
 * Keeps one document in memory, however large the file is.
 * - A file that begins with `[` is one JSON array.
 * - A file whose first document continues after the first line has documents one after another, as jq prints them.
 * - Any other file has one document per line; blank lines are skipped.
 * @param from the number of the first item to return; those before it are not parsed
 * @throws {Error} the file does not exist, or has no documents
 */
export async function openDocuments(path: string, from = 1): Promise<DocumentFile> {
  const source = await openSource(path);
  const chunks = source.chunks[Symbol.asyncIterator]();
  const { head, rest } = await peek(chunks);
  const form = formOf(head, path);
  const texts = form === 'lines' ? fromLines(rest) : fromValues(rest, form === 'array');
  return {
    bytes: source.bytes,
    unit: form === 'array' ? 'element' : 'line',
    items: itemsOf(texts, from, source.bytesRead),
    [Symbol.dispose]: () => source[Symbol.dispose](),
  };
}

/** Reads up to the end of the first line, but at most importPeekBytes. */
async function peek(chunks: AsyncIterator<Buffer>) {
  const held: Buffer[] = [];
  let isOver = false;
  while (!isOver) {
    const next = await chunks.next();
    if (next.done === true) break;
    held.push(next.value);
    const text = Buffer.concat(held);
    isOver = text.length >= limits.importPeekBytes || /\S[^\n]*\n/.test(text.toString('latin1'));
  }
  const rest = async function* (): AsyncGenerator<Buffer> {
    yield* held;
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value;
  };
  return { head: Buffer.concat(held), rest: rest() };
}

function formOf(head: Buffer, path: string): Form {
  const text = head
    .toString()
    .replace(/^\uFEFF/, '')
    .trimStart();
  if (text === '' || text.startsWith('[')) return text === '' ? 'lines' : 'array';
  const [line = ''] = text.split('\n', 1);
  if (!text.startsWith('{')) {
    const remedy =
      'a file must have one JSON document per line, or one JSON array of documents. CSV is not read: convert it to JSON, for example with mlr --icsv --ojsonl cat';
    throw new Error(`${path} begins with ${JSON.stringify(line.slice(0, 40))}: ${remedy}`);
  }
  return head.length < limits.importPeekBytes && isUnfinished(line) ? 'sequence' : 'lines';
}

/**
 * Whether the first document continues after its line, as pretty-printers break lines; a damaged line may end anywhere.
 */
function isUnfinished(line: string): boolean {
  const splitter = new ValueSplitter(false, limits.importPeekBytes);
  return [...splitter.write(line)].length === 0 && /[{[,]\s*$/.test(line);
}

async function* fromLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<TextOfValue> {
  for await (const line of linesOf(chunks, limits.documentBytes)) yield textOf(line);
}

function textOf({ number, bytes }: Line): TextOfValue {
  if (bytes === undefined) return { number, text: undefined };
  if (!isUtf8(bytes)) throw new Error(`line ${number} ${notUtf8}`);
  return { number, text: bytes.toString() };
}

const notUtf8 =
  'is not UTF-8: nothing from there on is imported. Convert the file, for example with iconv -f latin1 -t utf-8';

async function* fromValues(chunks: AsyncIterable<Buffer>, isArray: boolean): AsyncGenerator<TextOfValue> {
  const splitter = new ValueSplitter(isArray, limits.documentBytes);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for await (const chunk of chunks) yield* splitter.write(decoded(decoder, chunk, splitter));
  yield* splitter.write(decoded(decoder, undefined, splitter));
  yield* splitter.end();
}

function decoded(decoder: TextDecoder, chunk: Buffer | undefined, { line }: ValueSplitter): string {
  try {
    return decoder.decode(chunk, { stream: chunk !== undefined });
  } catch {
    throw new Error(`the text behind line ${line} ${notUtf8}`);
  }
}

async function* itemsOf(
  texts: AsyncIterable<TextOfValue>,
  from: number,
  bytesRead: () => number,
): AsyncGenerator<Item> {
  for await (const { number, text } of texts) {
    if (number < from || text?.trim() === '') continue;
    yield { number, bytesRead: bytesRead(), content: contentOf(text) };
  }
}

function contentOf(text: string | undefined): Item['content'] {
  if (text === undefined) return { problem: `longer than ${limits.documentBytes} bytes` };
  try {
    const value = parseExactly(text);
    return isRecord(value) ? { document: value } : { problem: 'a document must be a JSON object' };
  } catch (error) {
    if (error instanceof JsonProblem) return { problem: error.message };
    return { problem: `not valid JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}
