// The table of all commands of the shell.
import type { Command } from './command.ts';
import { authCode } from './commands/auth-code.ts';
import { data } from './commands/data.ts';
import { extension } from './commands/extension.ts';
import { h323Routes } from './commands/h323-route.ts';
import { extensionInfo, ipExtensionInfo } from './commands/information.ts';
import { ipExtension } from './commands/ip-extension.ts';
import { licenses } from './commands/license.ts';
import { mediaEncryption } from './commands/media-encryption.ts';
import { secPolicy } from './commands/sec-policy.ts';
import { sipRoute } from './commands/sip-route.ts';
import { extensionUnregistration } from './commands/unregistration.ts';
import { type CommandTable, tableOf } from './syntax/parse.ts';

export const commands: readonly Command[] = [
  authCode,
  ...data,
  extension,
  extensionInfo,
  extensionUnregistration,
  ipExtension,
  ipExtensionInfo,
  ...h323Routes,
  ...licenses,
  ...mediaEncryption,
  secPolicy,
  sipRoute,
];

export const commandTable: CommandTable = tableOf(commands);
