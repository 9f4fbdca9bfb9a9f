"""What stands still in the shop: products, provinces, carriers, sources, names."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Product:
    num_iid: int
    title: str
    price: int  # fen
    skus: tuple[str, ...]


@dataclass(frozen=True)
class Province:
    name: str
    city: str
    districts: tuple[str, ...]
    days: float  # usual transit from Hangzhou


@dataclass(frozen=True)
class Carrier:
    code: str
    name: str
    prefix: str
    pace: float  # of the province's usual days


@dataclass(frozen=True)
class Source:
    """Where a buyer orders; closes_after in seconds; pace of payment relative to the app."""

    code: str
    share: float
    closes_after: int
    pace: float


_SERIES = (
    ("云感", "纯棉毛巾", 2990, ("浅灰", "米白", "雾蓝")),
    ("云感", "浴巾加厚吸水", 6900, ("浅灰", "米白")),
    ("山茶", "手工皂礼盒", 12800, ("山茶花", "雪松")),
    ("山茶", "身体乳 250ml", 8900, ("山茶花", "无香")),
    ("山茶", "护手霜三支装", 5990, ("混合装",)),
    ("谷雨", "明前龙井 100g", 16800, ("罐装", "袋装")),
    ("谷雨", "茉莉花茶 50g", 4990, ("罐装",)),
    ("谷雨", "陶瓷盖碗", 9900, ("白", "天青")),
    ("拾光", "香薰蜡烛", 7900, ("橙花", "檀木", "海盐")),
    ("拾光", "无火香薰补充液", 5900, ("橙花", "檀木")),
    ("拾光", "床头小夜灯", 12900, ("暖光",)),
    ("初雪", "羊毛围巾", 25900, ("燕麦", "藏青", "酒红")),
    ("初雪", "保暖手套", 8990, ("均码",)),
    ("初雪", "真丝眼罩", 6990, ("银灰", "香槟")),
    ("知味", "手工牛轧糖 300g", 3990, ("原味", "抹茶")),
    ("知味", "坚果礼盒", 13800, ("七日装", "三十日装")),
)

_EDITIONS = ("经典款", "礼赠款", "家庭装")

PRODUCTS: tuple[Product, ...] = (
    *(
        Product(
            680000100000 + (row * len(_EDITIONS) + step) * 137,
            f"{series} {title} {edition}",
            price + step * 1100,
            skus,
        )
        for row, (series, title, price, skus) in enumerate(_SERIES)
        for step, edition in enumerate(_EDITIONS)
    ),
    # A title is untrusted text too.
    Product(680000199001, "清仓 <b>特价</b> 方巾 {{ 3*3 }} & 杯垫", 1590, ("随机",)),
)

PRICE_DIFFERENCE = Product(680000900001, "补差价专用链接 拍下前请联系客服", 100, ("补差价",))

PROVINCES: tuple[Province, ...] = (
    Province("浙江省", "杭州市", ("西湖区", "余杭区", "滨江区"), 1.0),
    Province("上海", "上海市", ("浦东新区", "徐汇区", "静安区"), 1.2),
    Province("江苏省", "苏州市", ("姑苏区", "吴中区"), 1.3),
    Province("广东省", "深圳市", ("南山区", "福田区"), 2.2),
    Province("北京", "北京市", ("朝阳区", "海淀区"), 2.3),
    Province("山东省", "青岛市", ("市南区", "崂山区"), 2.0),
    Province("湖北省", "武汉市", ("武昌区", "洪山区"), 2.0),
    Province("四川省", "成都市", ("锦江区", "武侯区"), 3.0),
    Province("福建省", "厦门市", ("思明区",), 2.0),
    Province("陕西省", "西安市", ("雁塔区",), 2.8),
    Province("辽宁省", "沈阳市", ("和平区",), 3.0),
    Province("云南省", "昆明市", ("五华区",), 3.8),
    Province("内蒙古自治区", "呼和浩特市", ("新城区",), 4.0),
    Province("新疆维吾尔自治区", "乌鲁木齐市", ("天山区",), 6.0),
    Province("西藏自治区", "拉萨市", ("城关区",), 7.0),
)
PROVINCE_WEIGHTS = (18, 13, 13, 12, 8, 7, 6, 6, 5, 4, 3, 2, 1.2, 1, 0.6)

CARRIERS: tuple[Carrier, ...] = (
    Carrier("ZTO", "中通快递", "7", 1.0),
    Carrier("YTO", "圆通速递", "YT", 1.1),
    Carrier("YUNDA", "韵达快递", "46", 1.1),
    Carrier("STO", "申通快递", "77", 1.15),
    Carrier("SF", "顺丰速运", "SF", 0.6),
    Carrier("HTKY", "极兔速递", "JT", 1.2),
)
CARRIER_WEIGHTS = (30, 22, 18, 10, 12, 8)

SOURCES: tuple[Source, ...] = (
    Source("WAP", 0.62, 24 * 3600, 1.0),
    Source("TAOBAO", 0.20, 24 * 3600, 1.8),
    Source("JHS", 0.10, 30 * 60, 0.7),
    Source("TOP", 0.08, 24 * 3600, 2.5),
)
FLASH_SALE = 2  # index of JHS

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹"
GIVEN = ("伟", "芳", "娜", "敏", "静", "强", "磊", "洋", "晓雯", "子涵", "梓萱", "浩然", "雨桐", "欣怡", "志明")
NICKS = ("小鹿乱撞", "爱喝奶茶的猫", "风一样的女子", "早睡早起", "阿茶", "南方姑娘", "橘子汽水", "大白兔", "tb")
ENGLISH = ("Emma", "Liam", "Olivia", "Noah", "Ava", "Lucas", "Mia", "Ethan", "Chloe", "Leo")

HOSTILE_NICKS = (
    "{{7*7}}",
    "<script>alert(1)</script>",
    "小明\r\nBcc: everyone@sandbox.invalid",
    '=HYPERLINK("http://sandbox.invalid","点我")',
    "=cmd()",
    "{% for x in ().__class__.__base__.__subclasses__() %}x{% endfor %}",
    "@SUM(1+1)|'\";--",
)

HOUR_WEIGHTS = (3, 1.5, 0.8, 0.5, 0.4, 0.6, 1.5, 3, 4.5, 6, 7, 6.5, 6, 5.5, 5.5, 5.5, 5.5, 5, 5, 6, 7.5, 8.5, 8, 5.5)
"""How busy each hour of the shop's day is, from midnight."""
