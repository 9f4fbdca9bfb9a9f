"""The simulated shop platform, SMS gateway and mailbox, spoken to over the real protocols: one process, one seed.

    python -m touchpoint.sandbox --port P --smtp-port P2 --state-dir DIR [--seed N] [--anchor ISO] [--clock anchor|ISO]

Everything it tells is a function of (seed, anchor, instant); only seed and anchor, what a test forced, and the logs of
what was accepted are kept in DIR. A port of 0 takes a free one. When it is ready it writes one JSON line to standard
output and DIR/connections.json (mode 0600): connection id -> AIRFLOW_CONN JSON text.

Member exports: DIR/exports/members/members_<yyyyMMddTHHmmss, Asia/Shanghai>.csv.gz, UTF-8 with BOM, comma, quoted where
needed (a nickname may hold a line break), times `yyyy-MM-dd HH:mm:ss` in Asia/Shanghai, birthday `yyyy-MM-dd`. The
file's mtime is the instant it speaks of. The first export of a folder is the whole list, a later live one what changed
since. A header (one line in the file) and a row:

    ouid,会员昵称,手机号,邮箱,生日,语言,入会时间,
        短信营销授权,短信授权时间,短信授权方式,邮件营销授权,邮件授权时间,邮件授权方式,资料更新时间
    AA3f0c9d21b7000000a1,陈晓雯,+86 190 0000 0161,,1991-04-12,zh-CN,2026-03-02 20:11:09,
        是,2026-03-02 20:11:09,会员中心,,,,2026-03-02 20:11:09

Products and reviews lie beside them, written alike: DIR/exports/products/products_<…>.csv.gz
(商品ID,商品标题,系列,类目,价格,更新时间; one file; 商品ID is a trade's num_iid, 系列 empty where there is none)
and DIR/exports/reviews/reviews_<…>.csv.gz (评价编号,订单编号,评分,评价时间; 1 to 5; the first goes back 180 days).

授权 is 是, 否, or empty (never asked); 方式 is how it was given or withdrawn. The first column is the trade's `ouid`.

What a trade carries beyond the fields everyone knows:
- `tid`, `oid`, `num_iid` are JSON numbers of 12 to 19 digits (`tid_str`, `oid_str` on request), `refund_id` is a
  string; money is a string in yuan; times are `yyyy-MM-dd HH:mm:ss` in GMT+8. Absent values are left out.
- `trade_from` is the source: WAP (phone app), TAOBAO (web), TOP (partner), JHS (flash sale, closes after 30 minutes).
- `timeout_action_time` is when the platform closes an unpaid trade: after 24 h, a flash sale after 30 minutes, a
  pre-sale whose deposit is paid at the end of the balance period. Absent once it is paid or closed.
- `type` is fixed, cod, step or tmall_i18n; the last is left out unless `type` asks for it, as on the real platform.
- A price-difference link is an ordinary trade whose only line's title begins with 补差价; `step_trade_status` is there
  for pre-sales alone.
- `oaid` comes when receiver_name, receiver_address, created, receiver_mobile and receiver_phone are asked for too
  (fullinfo.get: and `include_oaid`).
"""
