/** Each merge rule broken in one place: tests have to notice. */
import { ofEntries } from './entries.ts';
import type { Mutation } from './mutation.ts';
import { ofOperations } from './operations.ts';
import { ofShown } from './shown.ts';

export const mutations: readonly Mutation[] = [...ofEntries, ...ofOperations, ...ofShown];
