"""What stands still in the shop: products, provinces, carriers, sources, names."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Product:
    """An article; price in fen; the series is empty for what belongs to none."""

    num_iid: int
    title: str
    price: int
    skus: tuple[str, ...]
    series: str
    category: str


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


RETRO, SEQUINS, CASUAL = "复古简约", "亮片潮流", "休闲彩色"
"""The shop's product series: plain and retro, sequins and trend, casual colours."""

# Series, category, name, price in fen, colours or sizes.
_ARTICLES = (
    (CASUAL, "配饰", "彩色棉袜三双装", 2990, ("糖果色", "彩虹色", "奶油色")),
    (CASUAL, "上装", "字母印花T恤", 6900, ("柠檬黄", "薄荷绿")),
    (SEQUINS, "裙装", "亮片半身裙", 12800, ("银色", "香槟金")),
    (CASUAL, "上装", "撞色连帽卫衣", 8900, ("橙拼蓝", "粉拼绿")),
    (CASUAL, "包袋", "帆布双肩包", 5990, ("牛油果绿",)),
    (RETRO, "裙装", "亚麻衬衫裙", 16800, ("燕麦", "雾蓝")),
    (SEQUINS, "配饰", "亮片发箍", 4990, ("银色",)),
    (RETRO, "上装", "方领棉衬衫", 9900, ("米白", "浅灰")),
    (SEQUINS, "上装", "金属光泽吊带", 7900, ("银色", "古铜", "黑色")),
    (SEQUINS, "包袋", "链条小方包", 5900, ("银色", "黑色")),
    (RETRO, "下装", "高腰直筒裤", 12900, ("咖色",)),
    (RETRO, "外套", "羊毛短大衣", 25900, ("燕麦", "藏青", "酒红")),
    (RETRO, "配饰", "羊皮手套", 8990, ("均码",)),
    (SEQUINS, "鞋靴", "亮面尖头鞋", 6990, ("银灰", "香槟")),
    (CASUAL, "下装", "彩色牛仔短裤", 3990, ("天蓝", "草绿")),
    (RETRO, "鞋靴", "手工乐福鞋", 13800, ("棕色", "黑色")),
)

_EDITIONS = ("经典款", "新款", "限定款")

PRODUCTS: tuple[Product, ...] = (
    *(
        Product(
            680000100000 + (row * len(_EDITIONS) + step) * 137,
            f"{series} {title} {edition}",
            price + step * 1100,
            skus,
            series,
            category,
        )
        for row, (series, category, title, price, skus) in enumerate(_ARTICLES)
        for step, edition in enumerate(_EDITIONS)
    ),
    # A title is untrusted text too; what is cleared out belongs to no series.
    Product(680000199001, "清仓 <b>特价</b> 方巾 {{ 3*3 }} & 胸针", 1590, ("随机",), "", "清仓"),
)

LISTED_BEFORE: tuple[int, ...] = (*(days for _ in _ARTICLES for days in (800, 150, 25)), 800)
"""Days before the anchor on which each product was put on offer: classics, what is new, what is limited."""

SIZES = {
    "上装": ("S", "M", "L", "XL"),
    "裙装": ("S", "M", "L", "XL"),
    "下装": ("S", "M", "L", "XL"),
    "外套": ("S", "M", "L", "XL"),
    "鞋靴": ("36", "37", "38", "39", "40"),
}
"""Category -> the sizes its articles come in; the others come in none."""
SIZED = {sizes: place for place, sizes in enumerate(sorted(set(SIZES.values())))}


def place_of_classic(product: int) -> int:
    """The place of an article's first edition."""
    return product // len(_EDITIONS) * len(_EDITIONS)


PRICE_DIFFERENCE = Product(680000900001, "补差价专用链接 拍下前请联系客服", 100, ("补差价",), "", "")

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
