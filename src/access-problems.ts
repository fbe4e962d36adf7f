// The rows of the table of problems about logins and accounts.

/** Part of `PROBLEMS`. */
export const ACCESS_PROBLEMS = {
  login_required: {
    status: 401,
    title: "A login is needed",
    help: "The server has accounts, and this needs one. Log in on the page, or send a token with `Authorization: Bearer TOKEN`.",
  },
  wrong_login: {
    status: 401,
    title: "The login is wrong",
    help: "The name, the password, the code, the passkey or the token is wrong, has expired or was revoked, or the account is disabled: the answer does not say which. An owner resets a forgotten password with `sluice user reset NAME`, and a lost second factor with `--second-factor`.",
  },
  link_password: {
    status: 401,
    title: "The link has a password",
    help: "The link opens with the password that the person who sent it has set: enter it on the page of the link. Programs send it with Basic under any name (`curl -u x:PASSWORD`).",
  },
  link_gone: {
    status: 410,
    title: "The link is closed",
    help: "The link has expired or was revoked, its downloads are used up, its file was deleted, or the person who made it may not share it any more: the answer does not say which. Ask that person for a new one.",
  },
  link_full: {
    status: 413,
    title: "The link takes no more",
    help: "A link for uploads can have a limit of bytes and of files, and this file does not fit into what is left. The person who made the link can raise the limits.",
  },
  code_required: {
    status: 401,
    title: "A code is needed",
    help: "The password is right, and the account has a second factor. Send the login again with the six digits of the authenticator app as `code`. Programs that log in with Basic use a token instead of the password.",
  },
  account_exists: {
    status: 409,
    title: "The account exists",
    help: "There is an account with this name. Choose another name. A person who comes from an identity provider but has a password here logs in with that password, or asks an owner to remove it.",
  },
  last_owner: {
    status: 409,
    title: "The last owner",
    help: "Without an enabled owner nobody could manage accounts on the page. Make another account an owner first.",
  },
  setup_gone: {
    status: 410,
    title: "The link is gone",
    help: "A link by which a password is set works once, and only for some time: 15 minutes for that of `sluice --setup`, three days for an invite. Restart the server with `--setup` when there is no account yet; otherwise an owner makes another link with `sluice user reset NAME`.",
  },
  revoked: {
    status: 403,
    title: "Revoked",
    help: "The account, the token or the link that began this upload or copy may not go on: it was disabled or revoked, or has lost a grant that this needs. The bytes of a resumable upload stay for `--upload-expiry`.",
  },
  hook_refused: {
    status: 403,
    title: "Refused by the operator's check",
    help: "A program that the operator of this server runs before uploads refused this one. The detail is its sentence. `sluice hook list` shows the hooks.",
  },
  too_many_logins: {
    status: 429,
    title: "Too many failed logins",
    help: "Too many logins from this address, or to this account, have failed. No password is checked until `Retry-After` seconds have passed. An address from which this account has logged in before is not affected by failures elsewhere.",
  },
} as const;
