// `rollout watch`: shows the progress of a rollout, read from the API of a running ACS, until it has ended.
import { readFile } from 'node:fs/promises';
import type { Clock } from '../../shared/clock.ts';
import { isAbort, messageOf } from '../../shared/errors.ts';
import { createHttp, type HttpClient, HttpError } from '../../shared/net/http.ts';
import { readCertificates } from '../../shared/pki/certificates.ts';
import { plainPolicy } from '../../shared/tls/profiles.ts';
import { UserError } from '../errors.ts';
import { lineOf, screenOf, type WatchedRollout } from './progress.ts';

export interface WatchSettings {
  id: string;
  /** Base URL of the API, without /api/v1. */
  api: string;
  tokenFile: string;
  /** CA certificates for https, PEM or DER. */
  ca: readonly string[];
  intervalMs: number;
  clock: Clock;
  signal: AbortSignal;
  write(text: string): void;
  /** Columns of the terminal; undefined when the output is not a terminal. */
  columns(): number | undefined;
}

/** The number of failures that are shown in a terminal. */
const MAX_FAILURES = 10;

/** @returns 0 when the rollout has succeeded or the watch was ended; 1 when devices have failed, or it was aborted or rolled back */
export async function watch(settings: WatchSettings): Promise<number> {
  const { clock, signal, intervalMs } = settings;
  const token = (await readGiven('--token', settings.tokenFile)).toString('utf8').trim();
  const files = await Promise.all(settings.ca.map(file => readGiven('--ca', file)));
  const roots = files.flatMap(bytes => readCertificates(bytes));
  const http = createHttp({ clock, tls: () => ({ policy: plainPolicy, roots, now: clock.now() }) });
  const show = progressPrinter(settings);
  try {
    for (let isFirst = true; ; isFirst = false) {
      const rollout = await ask(http, settings, token, isFirst);
      if (rollout) show(rollout);
      if (rollout && rollout.ended !== null) return exitCodeOf(rollout);
      await clock.sleep(intervalMs, signal);
    }
  } catch (error) {
    if (isAbort(error) && signal.aborted) return 0;
    throw error;
  } finally {
    await http.close();
  }
}

const exitCodeOf = ({ state, totals }: WatchedRollout): number =>
  state === 'done' && (totals.failed ?? 0) === 0 ? 0 : 1;

async function readGiven(option: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new UserError(400, 'no-file', `${option}: ${messageOf(error)}`);
  }
}

/** @returns undefined while the server is unreachable, once it has answered before. @throws UserError */
async function ask(
  http: HttpClient,
  { api, id, signal, write }: WatchSettings,
  token: string,
  isFirst: boolean,
): Promise<WatchedRollout | undefined> {
  const base = `${api.replace(/(?<!\/)\/+$/, '')}/api/v1/rollouts/${encodeURIComponent(id)}`;
  const headers = { Authorization: `Bearer ${token}` };
  try {
    const url = `${base}?state=failed&limit=${MAX_FAILURES}`;
    const { status, body } = await http.send({ method: 'GET', url, headers, signal });
    if (status === 200) return JSON.parse(body.toString('utf8')) as WatchedRollout;
    if (status >= 500 && !isFirst) return undefined;
    const { detail = '' } = JSON.parse(body.toString('utf8')) as { detail?: string };
    throw new UserError(status, 'not-watched', `--api: ${base} answered ${status}: ${detail}`);
  } catch (error) {
    if (!(error instanceof HttpError) || isAbort(error)) throw error;
    if (isFirst) throw new UserError(503, 'not-watched', `--api: ${error.message}`);
    write(`the ACS cannot be reached: ${error.message}\n`);
    return undefined;
  }
}

/** Redraws the table in a terminal; elsewhere prints a line for each change. */
function progressPrinter({ write, columns, clock }: WatchSettings): (rollout: WatchedRollout) => void {
  let drawn = 0;
  let last = '';
  return rollout => {
    const width = columns();
    if (width === undefined) {
      const line = lineOf(rollout);
      if (line !== last) write(`${new Date(clock.now()).toISOString()} ${line}\n`);
      last = line;
      return;
    }
    const lines = screenOf(rollout, width);
    // Moves up to the first line of the last table and clears it.
    write(`${drawn > 0 ? `\u001b[${drawn}A\u001b[J` : ''}${lines.join('\n')}\n`);
    drawn = lines.length;
  };
}
