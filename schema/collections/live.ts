/** Adds `LivePeople`, `LivePerson` and the types of their members. */
import type { CollectionDefinition } from '../../definitions/definitions.ts';
import { liveCollectionType, singularField } from '../../definitions/names.ts';
import { type LiveInsertionShape, type LiveResult, moves, removals, shownDocument } from '../../resolvers/live.ts';
import { typedReads } from '../../resolvers/typed/documents.ts';
import type { Builder } from '../builder/builder.ts';
import {
  changeDescriptions,
  eventTokenDescription,
  initialDescription,
  liveResultDescription,
  mergedDescription,
} from '../types/live.ts';
import type { DocumentRef } from './document.ts';

export function addTypedLive(builder: Builder, definition: CollectionDefinition, document: DocumentRef) {
  const { type } = definition;
  const { typed } = typedReads(definition);

  const placed = (typeName: string, placedDescription: string) =>
    builder.objectRef<LiveInsertionShape>(typeName).implement({
      description: placedDescription,
      fields: (t) => ({
        index: t.exposeInt('index', { description: 'In the result after the event.' }),
        node: t.field({
          type: document,
          description: 'The document after the event.',
          resolve: (parent) => typed(parent.document),
        }),
      }),
    });
  const insertion = placed(`Live${type}Insertion`, 'A document that entered a live result.');
  const update = placed(`Live${type}Update`, 'A document of a live result that changed.');

  const documents = builder.objectRef<LiveResult>(liveCollectionType(definition)).implement({
    description: liveResultDescription,
    fields: (t) => ({
      initial: t.exposeBoolean('initial', { description: initialDescription }),
      merged: t.exposeInt('merged', { description: mergedDescription }),
      nodes: t.field({
        type: [document],
        description: 'The whole result after the event.',
        resolve: ({ change }) => Array.from(change.after, typed),
      }),
      inserted: t.field({
        type: [insertion],
        description: changeDescriptions.inserted,
        resolve: ({ change }) => change.inserted,
      }),
      updated: t.field({
        type: [update],
        description: changeDescriptions.updated,
        resolve: ({ change }) => change.updated,
      }),
      removed: t.field({
        type: ['LiveRemoval'],
        description: changeDescriptions.removed,
        resolve: removals('typed'),
      }),
      moved: t.field({
        type: ['LiveMove'],
        description: changeDescriptions.moved,
        resolve: moves('typed'),
      }),
      token: t.expose('token', { type: 'CausalToken', description: eventTokenDescription }),
    }),
  });

  const one = builder.objectRef<LiveResult>(`Live${type}`).implement({
    description: 'One document, as each transaction that touches it leaves it.',
    fields: (t) => ({
      initial: t.exposeBoolean('initial', { description: initialDescription }),
      merged: t.exposeInt('merged', { description: mergedDescription }),
      [singularField(type)]: t.field({
        type: document,
        nullable: true,
        description: 'Null once it is removed, or before it exists.',
        resolve: (result) => {
          const shown = shownDocument(result);
          return shown && typed(shown);
        },
      }),
      token: t.expose('token', { type: 'CausalToken', description: eventTokenDescription }),
    }),
  });

  return { documents, document: one };
}
