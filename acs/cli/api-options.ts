// Options of the commands that use the API of a running ACS.
import type { OptionSpecs } from '../../shared/config.ts';
import { acsOptions } from '../config.ts';

const { api, config, data } = acsOptions;

export const apiOptions = {
  config,
  data,
  api: { ...api, help: 'base URL of the API of the running ACS' },
  token: { kind: 'string', value: 'FILE', help: 'file with the API token; default: DATA/admin-token' },
  ca: { kind: 'list', value: 'FILE', help: 'CA that has issued the certificate of the API, for https' },
} as const satisfies OptionSpecs;
