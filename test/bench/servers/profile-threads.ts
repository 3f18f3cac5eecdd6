// Loaded before the ACS when its CPU profiles are asked for: a thread does not inherit --cpu-prof, so it is passed to the store's threads here.
import { createRequire, syncBuiltinESMExports } from 'node:module';
import type { WorkerOptions } from 'node:worker_threads';

const profiling = process.execArgv.filter(option => option.startsWith('--cpu-prof'));
const threads = createRequire(import.meta.url)('node:worker_threads') as typeof import('node:worker_threads');

threads.Worker = class extends threads.Worker {
  constructor(file: string | URL, options: WorkerOptions = {}) {
    super(file, { ...options, execArgv: [...(options.execArgv ?? []), ...profiling] });
  }
};
syncBuiltinESMExports();
