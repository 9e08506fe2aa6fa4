import * as transactions from '../../resolvers/transactions.ts';
import type { Builder } from '../builder.ts';

export function addTransaction(builder: Builder): void {
  builder.enumType('ChangeKind', { values: ['UPSERTED', 'REMOVED'] });

  builder.objectType('Change', {
    description: 'What a transaction did to one document.',
    fields: (t) => ({
      collection: t.exposeString('collection'),
      _id: t.exposeID('id'),
      kind: t.expose('kind', { type: 'ChangeKind' }),
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
      log: t.exposeID('log'),
      position: t.exposeFloat('position'),
      committedAt: t.expose('committedAtMilliseconds', { type: 'DateTime' }),
      changes: t.expose('changes', { type: ['Change'] }),
      token: t.expose('token', { type: 'CausalToken' }),
    }),
  });

  builder.subscriptionFields((t) => ({
    transactions: t.field({
      type: 'TransactionEvent',
      description:
        'Every transaction that touches the named collections (all, where none is named) as it is applied here. Nothing comes for journaled ones until they are in the log. With `after`, first those that its holder has not seen, in order. It ends with the error HISTORY_UNAVAILABLE where it cannot go on without a gap.',
      args: { collections: t.arg.stringList(), after: t.arg({ type: 'CausalToken' }) },
      subscribe: transactions.transactions,
      resolve: (event) => event,
    }),
  }));
}
