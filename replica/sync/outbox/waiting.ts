/** A transaction of this replica that the log does not have yet. */
import type { StagedTransaction } from '../../history/staged.ts';

export interface Waiting {
  /** Its context is cut anew for each history that it is handed on to. */
  transaction: StagedTransaction;
  /** Whether readers are shown it, or staging sees it. Taken over, it may have seen what is not here (yet). */
  isShown: boolean;
  /** Sent, and whether it was appended is unknown, or it was and has not come back. */
  mayBeInLog: boolean;
  /** Sent and taken since the site was reached last. */
  isAcknowledged: boolean;
  isAnswered: boolean;
  /** P41. Sent, and not taken as something that it saw is not in the log; then, that for longer than the limit. */
  isWaiting: boolean;
  isOverdue: boolean;
  /** Given the token of its answer. */
  readonly resolve: (token: string) => void;
  readonly reject: (error: Error) => void;
}
