"""ISO 4217 currency codes and their exponents (how many decimal digits a minor unit is).

Source: ISO 4217:2015 list one, active codes. Codes for precious metals, testing and "no currency"
are left out: no brand pays a commission in them. `PTS`, points, is ours, has exponent 0 and is
never accepted from the wire.
"""

POINTS = "PTS"

_EXPONENT_0 = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_EXPONENT_2 = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD
CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS
GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL
MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK
PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS
TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
"""
_EXPONENT_3 = "BHD IQD JOD KWD LYD OMR TND"
_EXPONENT_4 = "CLF UYW"

EXPONENTS: dict[str, int] = {
    code: exponent
    for exponent, codes in ((0, _EXPONENT_0), (2, _EXPONENT_2), (3, _EXPONENT_3), (4, _EXPONENT_4))
    for code in codes.split()
}
"""Every ISO 4217 code we accept from the wire, with its exponent."""


class UnknownCurrency(ValueError):
    """A code that stands neither in ISO 4217 nor is `PTS`."""

    code = "unknown_currency"


def exponent_of(currency: str) -> int:
    """How many decimal digits one minor unit of `currency` is: USD 2, JPY 0, KWD 3, PTS 0.

    Raises: UnknownCurrency; an unknown code is never taken for «2».
    """
    if currency == POINTS:
        return 0
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise UnknownCurrency(f"{currency!r} is not an ISO 4217 currency") from None
