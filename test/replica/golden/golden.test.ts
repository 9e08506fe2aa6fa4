/**
 * The bytes that travel in a site and rest in its snapshots, as a replica of yesterday wrote them. A codec that writes others, or
 * does not read these, cuts a replica off from its site. So golden.json is only added to: a new format is a new line in it.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeChunk, encodeChunk } from '../../../replica/codec/chunk-codec.ts';
import { decodeBatch, decodeDelta, encodeDelta } from '../../../replica/codec/delta-codec.ts';
import { decodeDocument, encodeDocument } from '../../../replica/codec/document-codec.ts';
import { conflictsOf, documentValue, touchPosition } from '../../../replica/crdt/document.ts';
import type { DocumentState } from '../../../replica/crdt/document-node.ts';
import { decodeStoredChunk, encodeStoredChunk } from '../../../replica/log/chunk.ts';
import { decodeEntry, encodeEntry } from '../../../replica/log/entry.ts';
import { decodeManifest, encodeManifest } from '../../../replica/log/manifest.ts';
import { decodeRun, encodeRun } from '../../../replica/log/run.ts';
import { decodeHeartbeat, encodeHeartbeat } from '../../../replica/sync/heartbeat.ts';
import { decodeToken, encodeToken } from '../../../replica/token.ts';
import { decodeMessage, encodeMessage } from '../../../uploads/transfer/messages.ts';
import {
  deltas,
  entryIn,
  heartbeat,
  log,
  manifest,
  messages,
  partToken,
  plainToken,
  state,
  storedChunk,
} from './values.ts';

const golden: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL('golden.json', import.meta.url), 'utf8'),
);

interface Format {
  /** Undefined where it is read, and not written any more. */
  readonly write?: () => Uint8Array;
  readonly read: (bytes: Uint8Array) => unknown;
  readonly value: unknown;
}

const factsOf = (document: DocumentState) => ({
  value: documentValue(document),
  lastWriter: { ...document.lastWriter },
  position: touchPosition(document, log),
  conflicts: conflictsOf(document),
});
const facts = factsOf(state);
/** In the former format the last writer is a name alone, and stands where the newest entry does. */
const formerFacts = { ...facts, lastWriter: { origin: 'y', number: 7 } };
const chunkFacts = (records: readonly { collection: string; id: string; state: DocumentState }[]) =>
  records.map(({ collection, id, state: document }) => ({ collection, id, ...factsOf(document) }));
const [first] = deltas;
const ofEntry = (format: number) => {
  const entry = entryIn(format);
  return {
    write: () => encodeEntry(entry),
    read: (bytes: Uint8Array) => {
      const { body, ...head } = decodeEntry(bytes);
      return { head, deltas: decodeBatch(head, body) };
    },
    value: { head: (({ body: _, ...head }) => head)(entry), deltas: [first] },
  };
};

const formats: Readonly<Record<string, Format>> = {
  'delta 2, with every kind of value': { write: () => encodeDelta(first), read: decodeDelta, value: first },
  'delta 2, with a context that names others': {
    write: () => encodeDelta(deltas[1]),
    read: decodeDelta,
    value: deltas[1],
  },
  'entry 2 of batch 2': ofEntry(1),
  'entry 2 of batch 3': ofEntry(2),
  'document 3': { write: () => encodeDocument(state), read: (bytes) => factsOf(decodeDocument(bytes)), value: facts },
  'document 2': { read: (bytes) => factsOf(decodeDocument(bytes)), value: formerFacts },
  'chunk 2': {
    write: () => encodeChunk(storedChunk.records),
    read: (bytes) => chunkFacts(decodeChunk(bytes)),
    value: chunkFacts(storedChunk.records),
  },
  'chunk 1': {
    read: (bytes) => chunkFacts(decodeChunk(bytes)),
    value: [{ collection: 'cars', id: 'vw', ...formerFacts }],
  },
  'stored chunk 1': {
    write: () => encodeStoredChunk(storedChunk),
    read: (bytes) => {
      const { records, ...rest } = decodeStoredChunk(bytes);
      return { ...rest, records: chunkFacts(records) };
    },
    value: { ...storedChunk, records: chunkFacts(storedChunk.records) },
  },
  'manifest 1': { write: () => encodeManifest(manifest), read: decodeManifest, value: manifest },
  'run 1': { write: () => encodeRun([entryIn(1)]), read: decodeRun, value: [entryIn(1)] },
  'heartbeat 1': { write: () => encodeHeartbeat(heartbeat), read: decodeHeartbeat, value: heartbeat },
  'heartbeat 1, of a version that does not say what it reads': { read: decodeHeartbeat, value: heartbeat },
  'token 1': {
    write: () => Buffer.from(encodeToken(plainToken)),
    read: (bytes) => decodeToken(Buffer.from(bytes).toString(), 'after'),
    value: plainToken,
  },
  'token 1, of a part of changes': {
    write: () => Buffer.from(encodeToken(partToken)),
    read: (bytes) => decodeToken(Buffer.from(bytes).toString(), 'after'),
    value: partToken,
  },
  ...Object.fromEntries(
    messages.map((message): [string, Format] => [
      `message about attachments 1, ${message.kind}`,
      { write: () => encodeMessage(message), read: decodeMessage, value: message },
    ]),
  ),
};

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('golden bytes', () => {
  it('are there for each format that is listed here, and for nothing else', () => {
    expect(Object.keys(golden).sort()).toEqual(Object.keys(formats).sort());
    expect(log).toHaveLength(32);
  });

  it.each(Object.entries(formats))('of %s are read', (name, { read, value }) => {
    expect(read(Buffer.from(golden[name] ?? '', 'hex'))).toEqual(value);
  });

  it.each(Object.entries(formats).filter(([, { write }]) => write !== undefined))(
    'of %s are what is written',
    (name, { write }) => {
      expect(write && hex(write())).toBe(golden[name]);
    },
  );
});
