/**
 * The language of collection definitions: what `import { … } from 'tideline'` gives to a `collections.ts`.
 * Its functions only make plain data; `definitions/check.ts` says what of it can be served.
 */
import type { FieldDefinition } from './definitions.ts';

export type { FieldDefinition } from './definitions.ts';

/** One collection: its GraphQL type (`Person`) and the fields that are known of its documents. */
export interface CollectionSource {
  readonly type: string;
  readonly fields: Readonly<Record<string, FieldDefinition>>;
  readonly description?: string | undefined;
  readonly plural?: string | undefined;
}

/** What can be said of a collection; a text alone is its description. */
export type CollectionOptions =
  | string
  | {
      readonly description?: string | undefined;
      /** The root field of many, where the collection's name cannot be it: `allSheep` of `sheep`, whose one is `sheep`. */
      readonly plural?: string | undefined;
    };

/** By the collections' names, which are also their plural query fields: `people`. */
export type CollectionSources = Readonly<Record<string, CollectionSource>>;

/** What a definitions file exports as its default. */
export const defineCollections = <const Sources extends CollectionSources>(sources: Sources): Sources => sources;

/** @param type the GraphQL type's name, with a capital first letter; the singular field is it with a small one */
export const collection = (
  type: string,
  fields: Readonly<Record<string, FieldDefinition>>,
  options?: CollectionOptions,
): CollectionSource => ({ type, fields, ...(typeof options === 'string' ? { description: options } : options) });

/** What can be said of a field that holds one value; a text alone is its description. */
export type FieldOptions =
  | string
  | {
      readonly description?: string | undefined;
      /** Keeps a sorted index, which filters and orders by this field go by. It costs memory for every document. */
      readonly index?: boolean | undefined;
    };

const optionsOf = (options: FieldOptions | undefined) =>
  typeof options === 'string' ? { description: options } : { description: options?.description, index: options?.index };

export const string = (options?: FieldOptions): FieldDefinition => ({ kind: 'string', ...optionsOf(options) });

/** An integer of 32 bits, as GraphQL's `Int`. */
export const int = (options?: FieldOptions): FieldDefinition => ({ kind: 'int', ...optionsOf(options) });

/** Any finite number, as GraphQL's `Float`. */
export const float = (options?: FieldOptions): FieldDefinition => ({ kind: 'float', ...optionsOf(options) });

export const boolean = (options?: FieldOptions): FieldDefinition => ({ kind: 'boolean', ...optionsOf(options) });

/** Any JSON value. */
export const json = (options?: FieldOptions): FieldDefinition => ({ kind: 'json', ...optionsOf(options) });

/** A number to which concurrent increments add up. 0 where it was never written. Not within `list` and `mapOf`. */
export const counter = (options?: FieldOptions): FieldDefinition => ({ kind: 'counter', ...optionsOf(options) });

/** A file that was uploaded; its document holds its id. */
export const attachment = (options?: FieldOptions): FieldDefinition => ({ kind: 'attachment', ...optionsOf(options) });

/** A list, written and merged as one value. */
export const list = (of: FieldDefinition, description?: string): FieldDefinition => ({ kind: 'list', of, description });

/** Named fields, which merge one by one. */
export const map = (fields: Readonly<Record<string, FieldDefinition>>, description?: string): FieldDefinition => ({
  kind: 'map',
  fields,
  description,
});

/** Any keys, with values of one type, which merge key by key. Reads as JSON. */
export const mapOf = (of: FieldDefinition, description?: string): FieldDefinition => ({
  kind: 'mapOf',
  of,
  description,
});
