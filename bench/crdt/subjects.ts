/** All that are measured, our own first, the limit last. */
import type { Subject } from './subject.ts';
import { automerge } from './subjects/automerge.ts';
import { loro } from './subjects/loro.ts';
import { plain } from './subjects/plain.ts';
import { tideline } from './subjects/tideline.ts';
import { tinybase } from './subjects/tinybase.ts';
import { yjs } from './subjects/yjs.ts';

export const subjects: readonly Subject[] = [tideline, yjs, automerge, loro, tinybase, plain];
