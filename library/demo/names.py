"""The names of a school: given names and family names of the peoples who live in its streets.

Names are written as their owners write them, in many scripts; after a slash stands the spelling in plain letters that
the school uses in email addresses, where it cannot be had by leaving accents away. Data, and how it is read.
"""

import unicodedata
from dataclasses import dataclass

NO_ACCENT_TO_DROP = str.maketrans({"đ": "d", "Đ": "D", "ı": "i", "ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "ß": "ss"})


@dataclass(frozen=True, slots=True)
class Name:
    """One name as written, and in the plain letters of an email address."""

    written: str
    plain: str

    @classmethod
    def read(cls, text: str) -> "Name":
        written, _, plain = text.replace("_", " ").partition("/")
        return cls(written, plain or plain_letters(written))


@dataclass(frozen=True, slots=True)
class People:
    """Names that go together. ``share`` is how many families in a hundred bear them."""

    share: int
    children: tuple[Name, ...]
    mothers: tuple[Name, ...]
    fathers: tuple[Name, ...]
    families: tuple[Name, ...]


def plain_letters(name: str) -> str:
    """Lower case, accents off, letters only: *Phương* is ``phuong``."""
    bare = unicodedata.normalize("NFKD", name.translate(NO_ACCENT_TO_DROP))
    return "".join(letter for letter in bare.lower() if letter.isascii() and letter.isalpha())


def _people(share: int, *, children: str, mothers: str, fathers: str, families: str) -> People:
    """Names in one line each, separated by spaces; an underscore is a space inside a name."""
    lists = (tuple(Name.read(word) for word in names.split()) for names in (children, mothers, fathers, families))
    return People(share, *lists)


PEOPLES = (
    _people(
        24,
        children="Olivia Jack Charlotte William Amelia Noah Isla Henry Ava Thomas Ruby Lachlan Matilda Cooper Sienna "
        "Archie Willow Hunter Zoe Angus Georgia Flynn Evie Hamish Tilly Darcy Maeve Jasper Poppy Rory Alex Sam",
        mothers="Sarah Rebecca Kate Melissa Nicole Emma Louise Bronwyn Fiona Helen Jodie Tamsin",
        fathers="Andrew Michael David Craig Stuart Matthew Paul Simon Darren Tim Gareth Peter",
        families="Smith Jones Taylor Brown Wilson Anderson Thompson White Harris Clarke Walker Hall Baker Cooper Reid "
        "Marsh Whitfield Hartley Pemberton Barlow Ashcroft Sutherland Fairweather Nightingale",
    ),
    _people(
        6,
        children="Oisín Niamh Saoirse Ciarán Aoife Declan Róisín Finn Siobhán Eoin Orla Cormac",
        mothers="Gráinne Bridget Deirdre Máire Sinéad",
        fathers="Seán Pádraig Brendan Conor Liam",
        families="O'Brien Byrne Murphy Ó_Súilleabháin McAllister Fitzgerald Gallagher",
    ),
    _people(
        9,
        children="Thảo Minh An Linh Khang Trâm Bảo Ngọc Duy Vy Tuấn Quỳnh Khoa My Đạt Hân",
        mothers="Phương Lan Hồng Mai Hạnh Thu",
        fathers="Hùng Dũng Quang Sơn Tâm Long",
        families="Nguyễn Trần Lê Phạm Đỗ Võ Bùi Đặng",
    ),
    _people(
        7,
        children="Mia Leo Jasmine Jia Hao Yifan Lucas Xinyi Kevin Yuxuan Chloe Zihan Ryan Wenwen",
        mothers="Grace Li_Na Mei Yan Xiaoli Jing",
        fathers="Wei Jun Feng Qiang Haoran Ming",
        families="Chen Wang Zhang Liu Lin Huang Zhou Wu",
    ),
    _people(
        4,
        children="梓涵/zihan 浩然/haoran 欣怡/xinyi 子轩/zixuan 诗涵/shihan 宇航/yuhang 美玲/meiling 思远/siyuan",
        mothers="秀英/xiuying 丽华/lihua 晓燕/xiaoyan 雪梅/xuemei",
        fathers="建国/jianguo 志强/zhiqiang 国华/guohua 文博/wenbo",
        families="王/wang 李/li 张/zhang 黄/huang 陈/chen",
    ),
    _people(
        6,
        children="Priya Arjun Ananya Rohan Diya Vihaan Ishaan Kavya Aarav Meera Aditya",
        mothers="Lakshmi Sunita Deepa Anjali Rekha",
        fathers="Rajesh Suresh Vikram Sanjay",
        families="Sharma Patel Gupta Reddy Iyer Venkataraman",
    ),
    _people(
        2,
        children="Jaspreet Gurpreet Simran Harleen Arshdeep",
        mothers="Manpreet Kuldeep Paramjit",
        fathers="Harpreet Balwinder Gurdeep",
        families="Singh Dhillon Gill Sandhu",
    ),
    _people(
        1,
        children="आरव/aarav अनन्या/ananya रोहन/rohan दिया/diya",
        mothers="सुनीता/sunita रेखा/rekha",
        fathers="राजेश/rajesh संजय/sanjay",
        families="शर्मा/sharma वर्मा/verma",
    ),
    _people(
        1,
        children="கார்த்திக்/karthik கவிதா/kavitha மீனா/meena",
        mothers="லட்சுமி/lakshmi தேவி/devi",
        fathers="முருகன்/murugan செல்வம்/selvam",
        families="குமார்/kumar பாலன்/balan",
    ),
    _people(
        6,
        children="Noor Yusuf Layla Omar Zaynab Hamza Maryam Ibrahim Amina Khaled Salma Bilal",
        mothers="Leyla Fatima Rania Samira Huda",
        fathers="Hassan Mahmoud Tariq Nabil Walid",
        families="Haddad Khoury Al-Masri Mansour Nassar El-Sayed Abboud",
    ),
    _people(
        2,
        children="نور/noor يوسف/yusuf ليلى/layla عمر/omar زهرة/zahra",
        mothers="فاطمة/fatima سميرة/samira",
        fathers="حسن/hassan محمود/mahmoud",
        families="حداد/haddad منصور/mansour",
    ),
    _people(
        4,
        children="Zayd Parwana Farhad Zahra Mustafa Shabnam Ali_Reza Narges",
        mothers="Shirin Nasrin Golnar Fereshteh",
        fathers="Hamid Karim Esmail Behrouz",
        families="Rahimi Karimi Hosseini Ahmadzai Noori",
    ),
    _people(
        4,
        children="Eleni Dimitri Sofia Kosta Athena Theo Despina Nikos",
        mothers="Maria Voula Katerina Georgia",
        fathers="Yiannis Stavros Panayiotis Con",
        families="Papadopoulos Georgiou Nikolaidis Economou Karras",
    ),
    _people(
        1,
        children="Ελένη/eleni Δημήτρης/dimitris Ζωή/zoi",
        mothers="Κατερίνα/katerina Μαρία/maria",
        fathers="Γιάννης/yiannis Σταύρος/stavros",
        families="Δημητρίου/dimitriou Γεωργίου/georgiou",
    ),
    _people(
        4,
        children="Giulia Marco Isabella Luca Chiara Matteo Allegra Dante",
        mothers="Francesca Rosa Daniela Lucia",
        fathers="Tony Salvatore Domenico Angelo",
        families="Russo Esposito De_Luca D'Angelo Rinaldi Caruso",
    ),
    _people(
        3,
        children="Elif Emre Zeynep Kerem Şule Çağla Yağmur Barış",
        mothers="Fatma Ayşe Gülay Özlem",
        fathers="Mehmet Hüseyin Uğur Kemal",
        families="Demir Yılmaz Öztürk Şahin Kılıç",
    ),
    _people(
        4,
        children="Sione Ana Mele Tevita Lupe Semisi Talia Viliami",
        mothers="Losa Sina Mele_Ane ʻOfa/ofa",
        fathers="Siaosi Tavita Paula Sefo",
        families="Tupou Faleolo Leota Taufa Fifita Vaʻai/vaai",
    ),
    _people(
        2,
        children="Aroha Tāmati Wiremu Kahurangi Hēmi Mārama",
        mothers="Hinemoa Mereana Ngaire",
        fathers="Rāwiri Hone Matiu",
        families="Ngata Parata Tūhoe Rangihuna",
    ),
    _people(
        2,
        children="Selam Dawit Hana Yonas Bethlehem Abel Makda",
        mothers="Almaz Tigist Hirut",
        fathers="Tesfaye Bekele Solomon",
        families="Tesfaye Haile Gebre",
    ),
    _people(
        1,
        children="Amara Chidi Adaeze Obinna",
        mothers="Ngozi Ifeoma",
        fathers="Emeka Chukwudi",
        families="Okafor Okonkwo Eze",
    ),
    _people(
        1,
        children="Nyibol Deng Abuk Akec",
        mothers="Achol Ayen",
        fathers="Garang Majok",
        families="Mading Akol Deng",
    ),
    _people(
        1,
        children="ሰላም/selam ዳዊት/dawit ሃና/hana",
        mothers="አልማዝ/almaz ትዕግስት/tigist",
        fathers="በቀለ/bekele ሰሎሞን/solomon",
        families="ኃይሌ/haile ገብሬ/gebre",
    ),
    _people(
        2,
        children="Luka Mila Stefan Jovana Nikola Željka Dragan",
        mothers="Snežana Jelena Vesna",
        fathers="Zoran Miloš Goran",
        families="Petrović Horvat Jovanović Kovačević",
    ),
    _people(
        1,
        children="Katarzyna Łukasz Zofia",
        mothers="Małgorzata Agnieszka",
        fathers="Krzysztof Paweł",
        families="Nowak Wójcik Mazur",
    ),
    _people(
        1,
        children="Олена/olena Богдан/bohdan Соломія/solomiia Дмитро/dmytro",
        mothers="Оксана/oksana Наталія/nataliia",
        fathers="Андрій/andrii Тарас/taras",
        families="Шевченко/shevchenko Коваленко/kovalenko Мельник/melnyk",
    ),
    _people(
        4,
        children="Angelica Miguel Bea Joshua Mateo Althea Gabriel Kyla Lucía José Ximena Tomás",
        mothers="Marites Rosario Aiyana Carmen",
        fathers="Ramon Ernesto Jun-Jun Rodrigo",
        families="Santos Reyes Dela_Cruz Bautista Silva Fernández Muñoz",
    ),
    _people(
        1,
        children="지우/jiwoo 서연/seoyeon 민준/minjun",
        mothers="은주/eunju 미경/mikyung",
        fathers="성호/seongho 영수/youngsoo",
        families="김/kim 박/park",
    ),
    _people(
        1,
        children="さくら/sakura 陽翔/haruto 結衣/yui",
        mothers="恵子/keiko 直美/naomi",
        fathers="健一/kenichi 浩/hiroshi",
        families="佐藤/sato 田中/tanaka",
    ),
    _people(
        1,
        children="Min-seo Ji-ho Haneul Seo-jun",
        mothers="Soo-jin Hye-jin",
        fathers="Dong-hyun Sang-woo",
        families="Kim Park Choi",
    ),
    _people(
        1,
        children="Noa Eitan Ayala Ilan",
        mothers="Tamar Michal",
        fathers="Avi Gideon",
        families="Cohen Levi Rosenberg",
    ),
)
