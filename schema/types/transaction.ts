/** Adds the `transactions` subscription and its events to the schema. */
import { globalId } from '../../resolvers/document.ts';
import * as transactions from '../../resolvers/transactions.ts';
import { argumentDescriptions, resumeArgument } from '../builder/arguments.ts';
import type { Builder } from '../builder/builder.ts';
import { eventTokenDescription } from './live.ts';

export function addTransaction(builder: Builder): void {
  builder.enumType('ChangeKind', {
    description: 'What happened to a document.',
    values: {
      UPSERTED: { description: 'It was created or changed.' },
      REMOVED: { description: 'It was removed.' },
    },
  });

  builder.objectType('Change', {
    description: "A transaction's change of one document.",
    fields: (t) => ({
      collection: t.exposeString('collection', { description: 'The name of its collection.' }),
      id: t.id({ description: 'Global.', resolve: globalId }),
      _id: t.exposeID('id', { description: argumentDescriptions.documentId }),
      kind: t.expose('kind', { type: 'ChangeKind', description: 'What happened to it.' }),
      paths: t.exposeStringList('paths', { description: 'Keypaths written by the transaction.' }),
      document: t.expose('document', {
        type: 'Document',
        nullable: true,
        description:
          'After the transaction; when resumed, as it stands at the version at which the subscription began. Null once removed.',
      }),
    }),
  });

  builder.objectType('TransactionEvent', {
    description: 'Whole transactions, each after all that it could have seen.',
    fields: (t) => ({
      replica: t.exposeID('replica', { description: 'Who made it.' }),
      log: t.exposeID('log', { description: 'The id of the log that contains it.' }),
      position: t.exposeFloat('position', { description: 'Its position in the log: 1, 2, 3, …' }),
      committedAt: t.expose('committedAtMilliseconds', {
        type: 'DateTime',
        description: "When its replica committed it, by that replica's clock.",
      }),
      changes: t.expose('changes', { type: ['Change'], description: 'Its changes, one for each document.' }),
      token: t.expose('token', { type: 'CausalToken', description: eventTokenDescription }),
    }),
  });

  builder.subscriptionFields((t) => ({
    transactions: t.field({
      type: 'TransactionEvent',
      description:
        'Every transaction that touches the named collections (all, where none is named) as it is applied here. Nothing comes for journaled ones until they are in the log. With `after`, first those that its holder has not seen, in order. It ends with the error HISTORY_UNAVAILABLE where it cannot go on without a gap.',
      args: {
        collections: t.arg.stringList({ description: 'Only these collections. Without it, all of them.' }),
        after: resumeArgument(t.arg),
      },
      subscribe: transactions.transactions,
      resolve: (event) => event,
    }),
  }));
}
