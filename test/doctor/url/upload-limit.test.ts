// The bottleneck of a connection, derived from outputs of ss on networks that were slow in a known way.

import { describe, expect, test } from "bun:test";
import {
  combineSockets,
  type SocketStats,
  socketsIn,
  watchSockets,
} from "../../../src/doctor/url/sockets.ts";
import { urlSummary } from "../../../src/doctor/url/summary.ts";
import { uploadLimit } from "../../../src/doctor/url/upload-limit.ts";

const FAR = `ESTAB 0      2761824 10.171.1.2:47318 10.171.1.1:44487
\t bbr wscale:3,10 rto:256 rtt:53.599/1.433 ato:40 mss:1448 pmtu:1500 rcvmss:536 advmss:1448 cwnd:908 ssthresh:412 bytes_sent:26486562 bytes_acked:26008619 bytes_received:25 segs_out:18331 segs_in:2545 data_segs_out:18328 data_segs_in:1 bbr:(bw:82386400bps,mrtt:50.161,pacing_gain:1.25,cwnd_gain:2) send 196240079bps lastrcv:3228 pacing_rate 101953168bps delivery_rate 53730712bps delivered:17998 busy:3280ms rwnd_limited:1068ms(32.6%) unacked:331 rcv_space:14480 rcv_ssthresh:64088 notsent:2283880 minrtt:50.161 snd_wnd:524280
`;
const BUFFER = `ESTAB 0      393216 10.171.1.2:56690 10.171.1.1:44487
\t bbr wscale:10,10 rto:256 rtt:53.618/0.81 ato:40 mss:1448 pmtu:1500 rcvmss:536 advmss:1448 cwnd:898 bytes_sent:22020234 bytes_acked:21627019 bytes_received:25 segs_out:15362 segs_in:2083 data_segs_out:15359 data_segs_in:1 bbr:(bw:67582928bps,mrtt:50.223,pacing_gain:2.88672,cwnd_gain:2.88672) send 194010071bps lastsnd:20 lastrcv:3392 lastack:24 pacing_rate 193141992bps delivery_rate 67583056bps delivered:15087 app_limited busy:3444ms sndbuf_limited:2200ms(63.9%) unacked:273 rcv_space:14480 rcv_ssthresh:64088 minrtt:50.223 snd_wnd:4631552
`;
const LOSSY = `ESTAB 0      2659328 10.171.1.2:47330 10.171.1.1:44487
\t bbr wscale:10,10 rto:260 rtt:56.746/7.652 ato:40 mss:1448 pmtu:1500 rcvmss:536 advmss:1448 cwnd:1162 ssthresh:446 bytes_sent:72520154 bytes_retrans:1825024 bytes_acked:68381835 bytes_received:25 segs_out:50127 segs_in:4079 data_segs_out:50124 data_segs_in:1 send 237208050bps lastrcv:3416 lastack:4 pacing_rate 256795600bps delivery_rate 168480536bps delivered:48044 busy:3436ms rwnd_limited:40ms(1.2%) sndbuf_limited:104ms(3.0%) unacked:1598 retrans:17/1262 lost:17 sacked:779 rcv_space:14480 rcv_ssthresh:64088 notsent:346032 minrtt:20 snd_wnd:19895296
`;
const LINE = `ESTAB 0      860004 10.112.1.2:38732 10.112.1.1:33167
\t bbr wscale:10,10 rto:208 rtt:4.188/0.131 mss:1448 pmtu:1500 rcvmss:536 advmss:1448 cwnd:30 ssthresh:138 bytes_sent:6194620 bytes_acked:6151181 segs_out:4281 segs_in:646 data_segs_out:4279 bbr:(bw:56126816bps,mrtt:0.02,pacing_gain:0.75,cwnd_gain:2) send 82979943bps lastrcv:880 lastack:4 pacing_rate 41674160bps delivery_rate 55566584bps delivered:4250 busy:880ms unacked:30 rcv_space:14480 rcv_ssthresh:64088 notsent:816564 minrtt:0.02 snd_wnd:751616
`;
/** Spurious retransmissions: the packets arrived, but in another order. */
const REORDERED = `ESTAB 0      3258000 10.111.1.2:40414 10.111.1.1:43829
\t bbr wscale:10,10 rto:204 rtt:0.125/0.115 mss:1448 pmtu:1500 rcvmss:536 advmss:1448 cwnd:862 ssthresh:735 bytes_sent:94064326 bytes_retrans:1142472 bytes_acked:91683815 segs_out:65092 segs_in:668 data_segs_out:65090 send 79883264000bps lastsnd:4 lastrcv:140 lastack:4 delivered:64214 app_limited busy:68ms rwnd_limited:4ms(5.9%) unacked:855 retrans:0/789 dsack_dups:767 reordering:270 reord_seen:38 rcv_space:14480 rcv_ssthresh:64088 notsent:2019960 minrtt:0.004 snd_wnd:29600768
`;
const RELAY = `ESTAB 0      677967 127.0.0.1:45134 127.0.0.1:36429
\t bbr wscale:10,10 rto:232 rtt:30.341/16.53 mss:65483 pmtu:65535 rcvmss:536 advmss:65483 cwnd:20 ssthresh:8 bytes_sent:10259335 bytes_retrans:239828 bytes_acked:9498292 segs_out:221 segs_in:47 data_segs_out:219 send 345317557bps lastsnd:12 lastrcv:528 lastack:16 pacing_rate 562174360bps delivery_rate 103573928bps delivered:212 busy:524ms rwnd_limited:448ms(85.5%) unacked:8 retrans:0/4 dsack_dups:4 rcv_space:65495 rcv_ssthresh:65495 notsent:156751 minrtt:0.007 snd_wnd:521216
`;

describe("ss", () => {
  test("parses a connection that waits for the window", () => {
    expect(socketsIn(FAR)).toEqual([
      {
        ...{ port: 47318, busy: 3.28, receiver: 1.068, buffer: 0, sent: 18_328, lost: 0 },
        ...{ roundTrip: 53.599 / 1000, shortest: 50.161 / 1000, congestionControl: "bbr" },
      },
    ]);
    expect(socketsIn(BUFFER)).toMatchObject([{ receiver: 0, buffer: 2.2 }]);
  });

  test("spurious retransmissions do not count as lost packets", () => {
    expect(socketsIn(REORDERED)).toMatchObject([{ sent: 65_090, lost: 22 }]);
    expect(socketsIn(RELAY)).toMatchObject([{ lost: 0 }]);
    expect(socketsIn(LOSSY)).toMatchObject([{ lost: 1262 }]);
  });

  test("parses several connections, on one or two lines each, of IPv4 and IPv6", () => {
    const one = LINE.replace("\n\t", " ").replace(/10\.112\.1\.[12]/g, "[2001:db8::1]");
    expect(socketsIn(one + FAR + LOSSY).map(({ port }) => port)).toEqual([38732, 47318, 47330]);
  });

  test.each([
    ["nothing", ""],
    ["no figures", "ESTAB 0 0 10.0.0.1:5 10.0.0.2:80\n\t cubic wscale:7,7 rto:204\n"],
    ["what sent nothing", FAR.replace("data_segs_out:18328 ", "")],
    ["what is not open", FAR.replace("ESTAB", "SYN-SENT")],
    ["a complaint", 'Error: an inet prefix is expected rather than "x".\n'],
  ])("%s is ignored", (_what, text) => {
    expect(socketsIn(text)).toEqual([]);
  });
});

describe("the limit of one stream", () => {
  /** The first connection in `text`, as if it had lasted this many seconds. */
  const stats = (text: string, seconds: number): SocketStats | undefined =>
    combineSockets(socketsIn(text).map((socket) => ({ ...socket, seconds })));
  const speeds = { one: 7e6, four: 24e6, sending: 3, roundTrip: 0.05, usual: 0.055 };
  const said = (text: string, more: Partial<typeof speeds & { seconds: number }> = {}) =>
    uploadLimit(stats(text, more.seconds ?? 3.4), { ...speeds, ...more })[0];

  test("latency × window: of the server, of this machine, of a relay in between", () => {
    expect(said(FAR)).toMatchObject({ verdict: "warning", value: "latency × window" });
    expect(said(FAR)?.reason).toContain(
      "about 350 kB (the server's window) per round trip of 50 ms is 7 MB/s",
    );
    expect(said(FAR)?.advice).toContain("tcp_rmem");
    expect(said(BUFFER)).toMatchObject({ value: "latency × window" });
    expect(said(BUFFER)?.advice).toContain("tcp_wmem");
    expect(said(RELAY, { seconds: 1, sending: 0.9 })).toMatchObject({ value: "latency × window" });
    expect(said(RELAY, { seconds: 1, sending: 0.9 })?.advice).toContain("of the proxy, VPN or tunnel");
    // The relay accepted all bytes immediately, and the client waited for the answer.
    expect(said(RELAY, { seconds: 3, sending: 0.5 })).toMatchObject({ value: "latency × window" });
  });

  test("the window is not the limit if several streams are not faster", () => {
    expect(said(FAR, { four: 7.2e6 })).toMatchObject({ verdict: "ok", value: "the line" });
  });

  test("packet loss", () => {
    expect(said(LOSSY)).toMatchObject({
      verdict: "warning",
      value: "a lossy line: 2.5 % of the packets were lost",
    });
    expect(said(LOSSY)?.advice).not.toContain("tcp_congestion_control");
    expect(said(LOSSY.replace("bbr wscale", "cubic wscale"))?.advice).toContain("tcp_congestion_control=bbr");
  });

  test("a varying latency means that the server is busy, not that it is far away", () => {
    const starved = { seconds: 1, sending: 0.9, roundTrip: 0.975, usual: 2.278 };
    expect(said(RELAY, starved)).toMatchObject({ value: "the receiver" });
  });

  test("a saturated network", () => {
    expect(said(LINE, { seconds: 0.9, sending: 0.8, four: 7.1e6, roundTrip: 0.0005 })).toMatchObject({
      verdict: "ok",
      value: "the line",
    });
  });

  test("this machine, if the client delivers its data too slowly", () => {
    expect(said(LINE, { seconds: 3, sending: 2.9 })).toMatchObject({ value: "the sender: this machine" });
  });

  test("a server nearby", () => {
    const near = { seconds: 1, sending: 0.9, roundTrip: 0.0005 };
    const slow = RELAY.replace("rtt:30.341", "rtt:0.341");
    expect(said(slow, near)).toMatchObject({ value: "the receiver" });
    expect(said(slow, near)?.reason).toContain("limit per connection");
    expect(said(slow, { ...near, four: 7e6 })?.reason).toContain("Several streams are not faster");
  });

  test("is not reported for fast networks, short measurements and systems without ss", () => {
    expect(said(FAR, { one: 200e6 })).toBeUndefined();
    expect(said(FAR, { seconds: 0.3 })).toBeUndefined();
    expect(uploadLimit(undefined, speeds)).toEqual([]);
    expect(combineSockets([])).toBeUndefined();
  });

  test("is named in the summary, which otherwise guesses", () => {
    const speed = (streams: number, bytesPerSecond: number) => ({
      ...({ check: `upload-${streams}`, name: "", verdict: "ok", value: "" } as const),
      figures: { bytesPerSecond },
    });
    const limit = said(FAR);
    const findings = [speed(1, 7e6), speed(4, 24e6), ...(limit ? [limit] : [])];
    const summary = urlSummary([{ title: "Speed", findings }]);
    expect(summary).toContain("The limit of one stream is latency × window. Each stream has its own window");
    expect(summary).toContain("No fault was found between this machine and the server.");
  });
});

test("connections of other processes to the same server are ignored", async () => {
  using server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port: server.port,
    socket: { data() {} },
  });
  socket.write(new Uint8Array(1000));
  const watch = watchSockets({ url: new URL(`http://127.0.0.1:${server.port}`), address: "127.0.0.1" });
  watch.opened(1);
  expect(await watch.end()).toBeUndefined();
  socket.end();
});
