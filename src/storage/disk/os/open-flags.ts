// Flags of open(2) for names that another process may replace concurrently.

import { constants } from "node:fs";

/** Creates a file to write to it; fails with EEXIST when anything has the name, a symbolic link included. */
export const CREATE_NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** The mode of a new file, before the umask. */
export const NEW_MODE = 0o666;

/** Opens a file that exists: O_NOFOLLOW refuses a link, and O_NONBLOCK keeps a pipe from blocking the open. */
export const OPEN_EXISTING = constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Opens a file that exists to read it. */
export const READ_EXISTING = constants.O_RDONLY | OPEN_EXISTING;
