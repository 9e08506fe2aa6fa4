/**
 * The language of collection definitions: the exports of `'tideline'` for a `collections.ts`.
 * The functions only create plain data; definitions/check.ts checks it.
 */
import type { FieldDefinition } from './definitions.ts';

export type { FieldDefinition } from './definitions.ts';

/** One collection: the name of its GraphQL type (`Person`) and the known fields of its documents. */
export interface CollectionSource {
  readonly type: string;
  readonly fields: Readonly<Record<string, FieldDefinition>>;
  readonly description?: string | undefined;
  readonly plural?: string | undefined;
}

/** Options of a collection; a string is its description. */
export type CollectionOptions =
  | string
  | {
      readonly description?: string | undefined;
      /**
       * The plural root field, if it cannot be the collection's name: `allSheep` for `sheep`, whose singular is
       * `sheep`.
       */
      readonly plural?: string | undefined;
    };

/** By collection name, which is also the plural root field: `people`. */
export type CollectionSources = Readonly<Record<string, CollectionSource>>;

/** Declares the default export of a definitions file. */
export const defineCollections = <const Sources extends CollectionSources>(sources: Sources): Sources => sources;

/** @param type the name of the GraphQL type, with a capital first letter; in lower case it names the singular field */
export const collection = (
  type: string,
  fields: Readonly<Record<string, FieldDefinition>>,
  options?: CollectionOptions,
): CollectionSource => ({ type, fields, ...(typeof options === 'string' ? { description: options } : options) });

/** Options of a field with a single value; a string is its description. */
export type FieldOptions =
  | string
  | {
      readonly description?: string | undefined;
      /** Keeps a sorted index, which serves filters and orders on this field. It costs memory for every document. */
      readonly index?: boolean | undefined;
    };

const optionsOf = (options: FieldOptions | undefined) =>
  typeof options === 'string' ? { description: options } : { description: options?.description, index: options?.index };

export const string = (options?: FieldOptions): FieldDefinition => ({ kind: 'string', ...optionsOf(options) });

/** A 32-bit integer, like GraphQL's `Int`. */
export const int = (options?: FieldOptions): FieldDefinition => ({ kind: 'int', ...optionsOf(options) });

/** Any finite number, like GraphQL's `Float`. */
export const float = (options?: FieldOptions): FieldDefinition => ({ kind: 'float', ...optionsOf(options) });

export const boolean = (options?: FieldOptions): FieldDefinition => ({ kind: 'boolean', ...optionsOf(options) });

/** Any JSON value. */
export const json = (options?: FieldOptions): FieldDefinition => ({ kind: 'json', ...optionsOf(options) });

/** A number to which concurrent increments add up; 0 until it is written. Not allowed inside `list` and `mapOf`. */
export const counter = (options?: FieldOptions): FieldDefinition => ({ kind: 'counter', ...optionsOf(options) });

/** An uploaded file; the document holds its id. */
export const attachment = (options?: FieldOptions): FieldDefinition => ({ kind: 'attachment', ...optionsOf(options) });

/** A list that is written and merged as one value. */
export const list = (of: FieldDefinition, description?: string): FieldDefinition => ({ kind: 'list', of, description });

/** Named fields that merge one by one. */
export const map = (fields: Readonly<Record<string, FieldDefinition>>, description?: string): FieldDefinition => ({
  kind: 'map',
  fields,
  description,
});

/** Arbitrary keys with values of one type, merged key by key. Reads as JSON. */
export const mapOf = (of: FieldDefinition, description?: string): FieldDefinition => ({
  kind: 'mapOf',
  of,
  description,
});
