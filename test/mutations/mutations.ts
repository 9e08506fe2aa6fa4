/** Each rule broken in one place: tests have to notice. */
import { ofEntries } from './merge/entries.ts';
import { ofOperations } from './merge/operations.ts';
import { ofShown } from './merge/shown.ts';
import type { Mutation } from './mutation.ts';
import { ofFollowing } from './sync/following.ts';
import { ofLink } from './sync/link.ts';
import { ofOutbox } from './sync/outbox.ts';
import { ofRejoining } from './sync/rejoining.ts';

export const mergeMutations: readonly Mutation[] = [...ofEntries, ...ofOperations, ...ofShown];
export const syncMutations: readonly Mutation[] = [...ofLink, ...ofOutbox, ...ofFollowing, ...ofRejoining];
