// The records of a process's disk (test/support/powercut/record.c), read back.

export type DiskRecord =
  | { op: 'create' | 'sync' | 'sync-directory' | 'unlink'; path: string }
  | { op: 'write'; path: string; at: number; bytes: Buffer }
  | { op: 'truncate'; path: string; size: number }
  | { op: 'rename'; path: string; to: string }
  | { op: 'mark'; text: string };

const HEAD = 17;

/** @param log as recorded; a last record that is not whole is left out */
export function parseRecording(log: Buffer): DiskRecord[] {
  const records: DiskRecord[] = [];
  for (let at = 0; at + HEAD <= log.length; ) {
    const op = String.fromCharCode(log[at] ?? 0);
    const pathEnd = at + HEAD + log.readUInt32LE(at + 1);
    const end = pathEnd + log.readUInt32LE(at + 5);
    if (end > log.length) break;
    const number = Number(log.readBigUInt64LE(at + 9));
    records.push(recordOf(op, log.toString('utf8', at + HEAD, pathEnd), number, log.subarray(pathEnd, end)));
    at = end;
  }
  return records;
}

function recordOf(op: string, path: string, number: number, data: Buffer): DiskRecord {
  switch (op) {
    case 'C':
      return { op: 'create', path };
    case 'W':
      return { op: 'write', path, at: number, bytes: data };
    case 'T':
      return { op: 'truncate', path, size: number };
    case 'S':
      return { op: 'sync', path };
    case 'D':
      return { op: 'sync-directory', path };
    case 'R':
      return { op: 'rename', path, to: data.toString() };
    case 'U':
      return { op: 'unlink', path };
    case 'M':
      return { op: 'mark', text: data.toString() };
    default:
      throw new Error(`no record begins with ${op}`);
  }
}
