// Loaded into a program under test by `--import`; a worker of the program is left alone.
import { isMainThread } from 'node:worker_threads';
import { watchLoop } from './monitor.ts';

if (isMainThread && process.send) watchLoop();
