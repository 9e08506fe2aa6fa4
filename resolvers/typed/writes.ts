/** Resolvers of a defined collection's typed fields: writes, translated into those of the generic API. */
import type { CollectionDefinition } from '../../definitions/definitions.ts';
import { singularField } from '../../definitions/names.ts';
import { BadUserInputError } from '../../errors.ts';
import type { UpdateOperation, WriteStrategy } from '../../replica/crdt/writes.ts';
import type { StoredDocument } from '../../replica/query/stored-document.ts';
import { checkDocument } from '../arguments.ts';
import type { Context } from '../context.ts';
import { checkName, writableId } from '../document-names.ts';
import type { TypedDocument } from '../nodes.ts';
import { checkAttachments } from '../operations.ts';
import { counterPaths, type IdsPayload, removeNamed, transactionOf } from '../writes.ts';
import { isTypedInput, type TypedInput } from './filters.ts';
import { incrementOperations, typedJson } from './inputs.ts';

export interface TypedUpdateArguments {
  readonly id: string;
  readonly set?: TypedInput | null | undefined;
  readonly increment?: TypedInput | null | undefined;
  readonly remove?: readonly string[] | null | undefined;
}

/** The resolvers of a collection's root fields for mutations. */
export function typedWrites(definition: CollectionDefinition) {
  const { name: collection, type, fields } = definition;
  // The upsert's argument is named after the singular field.
  const argument = singularField(type);
  const typed = (document: StoredDocument): TypedDocument => ({ definition, document });
  return {
    upsert(_: unknown, args: { readonly strategy: WriteStrategy }, context: Context): TypedDocument {
      const input: unknown = Reflect.get(args, argument);
      const { json, attachments } = typedJson(fields, isTypedInput(input) ? input : {});
      const checked = checkDocument(json, argument);
      context.definitions.checkDocument(collection, checked.fields, argument);
      const isCounter = counterPaths(collection, context);
      const document = transactionOf(context).request((writer, newId) => {
        checkAttachments(writer, attachments);
        return writer.upsert(collection, checked.id ?? newId(), checked.fields, args.strategy, isCounter);
      });
      return typed(document);
    },

    update(_: unknown, args: TypedUpdateArguments, context: Context): TypedDocument {
      const name = checkName(context, collection, args.id);
      const { json, attachments } = typedJson(fields, args.set ?? {});
      const operations = [
        ...removals(args.remove ?? [], json),
        ...replacements(definition, json, context),
        ...incrementOperations(args.increment ?? {}, 'increment'),
      ];
      const isCounter = counterPaths(collection, context);
      const document = transactionOf(context).request((writer) => {
        checkAttachments(writer, attachments);
        return writer.update(collection, writableId(writer, name), operations, isCounter);
      });
      return typed(document);
    },

    remove: (_: unknown, { id }: { readonly id: string }, context: Context): IdsPayload =>
      removeNamed(context, checkName(context, collection, id), 'typed'),
  };
}

function removals(names: readonly string[], set: TypedInput): readonly UpdateOperation[] {
  return names.map((name, index) => {
    if (Object.hasOwn(set, name))
      throw new BadUserInputError(`remove.${index}`, `${name} is in set as well: choose one`);
    return { kind: 'remove', path: [name] };
  });
}

function replacements(
  { name: collection }: CollectionDefinition,
  set: TypedInput,
  { definitions }: Context,
): readonly UpdateOperation[] {
  if (Object.hasOwn(set, '_id')) {
    throw new BadUserInputError('set._id', "a document's _id never changes: leave it out");
  }
  const { fields } = checkDocument(set, 'set');
  definitions.checkDocument(collection, fields, 'set');
  return Object.entries(fields).map(([name, value]) => ({ kind: 'set', path: [name], value, as: undefined }));
}
