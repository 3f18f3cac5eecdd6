// The end of a program: a wait that can never end is reported as an error, never a silent end.

/** The parts of a process that are needed. */
interface Host {
  once(event: 'beforeExit', listener: () => void): unknown;
  off(event: 'beforeExit', listener: () => void): unknown;
  readonly stderr: { write(text: string): unknown };
  exitCode?: number | string | null | undefined;
}

/**
 * Waits for the work of a program. Where nothing is left that could settle it, Node ends the process with code 13 and without a word:
 * here it ends with code 1 and one line.
 */
export async function settled<T>(host: Host, name: string, work: Promise<T>): Promise<T> {
  const onIdle = (): void => {
    host.exitCode = 1;
    host.stderr.write(
      `${name}: ended early: nothing is left that could finish the work; this is an error of the program\n`,
    );
  };
  host.once('beforeExit', onIdle);
  try {
    return await work;
  } finally {
    host.off('beforeExit', onIdle);
  }
}
