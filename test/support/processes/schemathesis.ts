// schemathesis (PyPI), which makes calls from an API description and holds the answers against it: installed once into a folder of its own.
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasProgram, run } from '../servers/peers.ts';

const VERSION = '4.32.5';
const folder = process.env.TANDEM_SCHEMATHESIS ?? join(tmpdir(), `tandem-schemathesis-${VERSION}`);
const program = join(folder, 'bin', 'schemathesis');
const INSTALL_MS = 180_000;

/** Installs it where it is not there. @returns what is missing, in words; undefined when it can be used */
export async function schemathesisLack(): Promise<string | undefined> {
  if (existsSync(program)) return undefined;
  if (!hasProgram('python3')) return 'python3';
  try {
    await run('python3', ['-m', 'venv', folder], { timeout: INSTALL_MS });
    const pip = ['install', '-q', '--disable-pip-version-check', `schemathesis==${VERSION}`];
    await run(join(folder, 'bin', 'pip'), pip, { timeout: INSTALL_MS });
    return undefined;
  } catch (error) {
    return `schemathesis ${VERSION} (${(error as Error).message.split('\n')[0]})`;
  }
}

export interface Judgement {
  isGood: boolean;
  /** Its report. */
  text: string;
  /** Calls that it has made. */
  calls: number;
}

/** Calls that tell of devices or servers that cannot be reached. */
const CONFIG = `[[operations]]
include-operation-id = ["connectionRequest", "addTask", "runDiagnostic", "backUpDevice", "restoreBackup", "probeServer"]
checks.not_a_server_error.expected-statuses = ["2xx", "4xx", "502", "504"]
`;

const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'ignored_auth',
];

/** The stream does not end, and wrong passwords are answered later each time. */
const LEFT_OUT = ['streamEvents', 'createSession'];

/** Calls all operations of a server with a token, one after the other: CPython 3.11 fails in its threads now and then. @param place a folder for its files @param options of `schemathesis run` */
export async function judgeApi(
  { api, token, place }: { api: string; token: string; place: string },
  options: string[],
): Promise<Judgement> {
  const config = join(place, 'schemathesis.toml');
  await writeFile(config, CONFIG);
  const words = [
    ...['--config-file', config, 'run', `${api}/openapi.json`, '--url', `${api}/api/v1`],
    ...['-H', `Authorization: Bearer ${token}`, '--checks', CHECKS.join(','), '--suppress-health-check', 'all'],
    ...LEFT_OUT.flatMap(name => ['--exclude-operation-id', name]),
    ...['--no-shrink', '--continue-on-failure', '--request-timeout', '30', '--warnings', 'off'],
    ...options,
  ];
  const ended = await run(program, words, { cwd: place, maxBuffer: 64 * 1024 * 1024 }).then(
    ({ stdout }) => ({ isGood: true, text: stdout }),
    (error: Error & { stdout?: string }) => ({ isGood: false, text: error.stdout || error.message }),
  );
  const calls = Number(/(\d+) generated/.exec(ended.text)?.[1] ?? 0);
  return { ...ended, calls };
}
