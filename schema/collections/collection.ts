/** Adds a defined collection to the schema: its types and its root fields. */
import type { CollectionDefinition } from '../../definitions/definitions.ts';
import { singularField } from '../../definitions/names.ts';
import { typedReads } from '../../resolvers/typed/documents.ts';
import { typedWrites } from '../../resolvers/typed/writes.ts';
import {
  argumentDescriptions,
  documentIdArgument,
  liveArguments,
  pageArguments,
  resumeArgument,
  strategyArgument,
} from '../builder/arguments.ts';
import type { Builder } from '../builder/builder.ts';
import { afterDescription } from '../types/live.ts';
import { addFieldEnum, addPayload, addTypedDocument, type DocumentRef } from './document.ts';
import { documentFilter, documentIncrement, documentInput, documentOrder } from './inputs.ts';
import { addTypedLive } from './live.ts';
import { addTypedPage } from './page.ts';
import type { ScalarFilters } from './scalar-filters.ts';

export function addCollection(builder: Builder, definition: CollectionDefinition, filters: ScalarFilters): void {
  const { name, plural, type, description } = definition;
  const singular = singularField(type);
  const reads = typedReads(definition);
  const document = addTypedDocument(builder, definition);
  const filter = documentFilter(builder, definition, filters);
  const order = documentOrder(builder, definition);

  const connection = addTypedPage(builder, definition, document);
  builder.queryFields((t) => ({
    [singular]: t.field({
      type: document,
      nullable: true,
      description: description ?? `One document of the collection \`${name}\`; null if there is none with that id.`,
      args: { id: documentIdArgument(t.arg) },
      resolve: reads.one,
    }),
    [plural]: t.field({
      type: connection,
      description: description ?? `Documents of the collection \`${name}\`, page by page.`,
      args: {
        where: t.arg({ type: filter, description: argumentDescriptions.where }),
        orderBy: t.arg({ type: [order], description: argumentDescriptions.orderBy }),
        ...pageArguments(t.arg),
      },
      resolve: reads.page,
    }),
  }));

  addMutations(builder, definition, document);

  const live = addTypedLive(builder, definition, document);
  builder.subscriptionFields((t) => ({
    [singular]: t.field({
      type: live.document,
      description: `Watches one document of the collection \`${name}\`.`,
      args: { id: documentIdArgument(t.arg), after: resumeArgument(t.arg) },
      subscribe: reads.liveOne,
      resolve: (event) => event,
    }),
    [plural]: t.field({
      type: live.documents,
      description: afterDescription,
      args: {
        where: t.arg({ type: filter, description: argumentDescriptions.where }),
        orderBy: t.arg({ type: [order], description: argumentDescriptions.orderBy }),
        ...liveArguments(t.arg),
      },
      subscribe: reads.live,
      resolve: (event) => event,
    }),
  }));
}

function addMutations(builder: Builder, definition: CollectionDefinition, document: DocumentRef): void {
  const { type } = definition;
  const writes = typedWrites(definition);
  const input = documentInput(builder, definition);
  const increment = documentIncrement(builder, definition);
  const fieldEnum = addFieldEnum(builder, definition);
  const payload = addPayload(builder, definition, document);

  builder.mutationFields((t) => {
    // The compiler does not know this argument's name. Typed as `object`, it leaves the other argument's type intact.
    const documentArgument: object = {
      [singularField(type)]: t.arg({ type: input, required: true, description: 'The fields to write.' }),
    };
    return {
      [`upsert${type}`]: t.field({
        type: payload,
        description: 'Creates or merges. Without `_id`, one is generated.',
        args: {
          ...documentArgument,
          strategy: strategyArgument(t.arg),
        },
        resolve: writes.upsert,
      }),
      [`update${type}`]: t.field({
        type: payload,
        description: '`set` replaces the fields it names, `remove` removes them, `increment` adds; all in one step.',
        args: {
          id: documentIdArgument(t.arg),
          set: t.arg({ type: input, description: 'Fields and their new values.' }),
          ...(increment && { increment: t.arg({ type: increment, description: 'Counters and what to add to them.' }) }),
          remove: t.arg({ type: [fieldEnum], description: 'Fields to remove.' }),
        },
        resolve: writes.update,
      }),
      [`remove${type}`]: t.field({
        type: 'IdsPayload',
        description: 'Removes the document. If it does not exist, `ids` is empty.',
        args: { id: documentIdArgument(t.arg) },
        resolve: writes.remove,
      }),
    };
  });
}
