// The signed-in caller: who it is, and what it may do.
import { signal } from '@preact/signals';
import { refusals } from '../api/call.ts';
import { Problem, problemOf } from '../api/problem.ts';
import { getSession } from '../api/session.ts';
import type { Session } from '../api/shapes.ts';

/** Undefined before it is known, and without a session. */
export const session = signal<Session | undefined>(undefined);
/** True after a session that this page had has ended by itself. */
export const hasEnded = signal(false);
/** True once the server has said who the caller is, or that there is none. */
export const isKnown = signal(false);
export const sessionProblem = signal<Problem | undefined>(undefined);

/** Asks the server who the caller is. */
export async function loadSession(): Promise<void> {
  try {
    session.value = await getSession();
    hasEnded.value = false;
    sessionProblem.value = undefined;
  } catch (error) {
    session.value = undefined;
    const problem = problemOf(error);
    sessionProblem.value = problem.status === 401 ? undefined : problem;
  }
  isKnown.value = true;
}

/** The caller and its rights as a key: under another one all that is shown is read anew. */
export const rightsKey = ({ user, role, scope, operations }: Session): string =>
  JSON.stringify([user, role, scope, operations]);

/** Asks again who the caller is, after its rights may have changed. What fails is left to the next call. */
export async function checkSession(): Promise<void> {
  try {
    const newest = await getSession();
    if (session.peek() && rightsKey(session.peek() ?? newest) !== rightsKey(newest)) session.value = newest;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
  }
}

/** True where the rights of the caller reach an operation, by its name in the API's description. */
export const may = (operation: string): boolean => session.value?.operations.includes(operation) ?? false;

/** Forgets the caller as soon as a call is answered 401. */
export function watchSession(): void {
  refusals.subscribe(count => {
    if (count === 0 || !session.peek()) return;
    session.value = undefined;
    hasEnded.value = true;
  });
}
