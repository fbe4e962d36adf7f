// The redirect from the URL of a folder to the same URL with a slash at its end.

/** By this redirect, programs distinguish a folder from a file. It is not cached, because a file may get the name later. */
export function folderRedirect(location: string): Response {
  return new Response(null, {
    status: 301,
    headers: { location, "cache-control": "no-store", vary: "Accept" },
  });
}
