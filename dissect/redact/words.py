"""Words that stay: those of the protocol, and those that servers and filters speak with.

All other words are taken for names.  Nothing here is a given name or says who somebody is; every
word by which a rule or a product is known is here (``tests/redact`` looks that they are).
"""

from __future__ import annotations

import re
from typing import Final

from dissect.redact.names import is_mask


def _words(text: str) -> frozenset[str]:
    return frozenset(text.lower().split())


VERBS: Final = _words("""
    HELO EHLO LHLO MAIL RCPT DATA RSET VRFY EXPN HELP NOOP QUIT SEND SOML SAML TURN BDAT ETRN ATRN
    STARTTLS AUTH BURL VERB ONEX XCLIENT XFORWARD X-EXPS XEXCH50 X-LINK2STATE X-ANONYMOUSTLS XRDST
    XSHADOW XPROXY XPROXYFROM XPROXYTO XSYSPROBE XSESSIONPARAMS XMESSAGECONTEXT XADR XSTA XCIR
    XGEN XTRN XQUE XREMOTEQUEUE XTURN XUSR XVRB XDSN XDEBUG XLOOP TICK SHOWQ GET POST HEAD PUT
    OPTIONS CONNECT PRI PROXY SSH USER PASS
""")  # fmt: skip

KEYWORDS: Final = _words("""
    PIPELINING SIZE 7BIT 8BITMIME BINARYMIME DSN ENHANCEDSTATUSCODES CHUNKING SMTPUTF8 DELIVERBY
    CHECKPOINT REQUIRETLS XVERP PRDR LIMITS PIPECONNECT X_PIPE_CONNECT WELLKNOWN TLS NO-SOLICITING
    MTRK SUBMITTER CONPERM CONNEG FUTURERELEASE MT-PRIORITY RRVS UTF8SMTP XREMOTEQUEUE XTND TIME
    MAILMAX RCPTMAX RCPTDOMAINMAX X-RCPTLIMIT PLAIN LOGIN CRAM MD5 CRAM-MD5 DIGEST DIGEST-MD5 NTLM
    GSSAPI KERBEROS_V4 SCRAM SHA SHA-1 SHA-256 XOAUTH XOAUTH2 OAUTHBEARER EXTERNAL ANONYMOUS OTP
    SKEY MSN PLUS NAME ADDR PROTO HELO SOURCE PORT DESTADDR DESTPORT LOCAL REMOTE UNAVAILABLE
    TEMPUNAVAIL BODY RET FULL HDRS ENVID NOTIFY NEVER SUCCESS FAILURE DELAY ORCPT RFC822 UTF UTF8
    UTF-8 BY LAST HOLDFOR HOLDUNTIL TO FROM FOR SMTP ESMTP ESMTPS ESMTPA ESMTPSA LMTP HTTP TCP4
    TCP6 UNKNOWN IPv6 IPv4 localhost localdomain
""")  # fmt: skip
"""Of EHLO, AUTH, and of the parameters of commands."""

FIELDS: Final = _words("""
    Received Return-Path Delivered-To Date From Sender Reply-To To Cc Bcc Message-ID In-Reply-To
    References Subject Comments Keywords Resent-Date Resent-From Resent-To MIME-Version
    Content-Type Content-Transfer-Encoding Content-Disposition Content-ID Content-Description
    Content-Language DKIM-Signature DomainKey-Signature Authentication-Results Received-SPF
    ARC-Seal ARC-Message-Signature ARC-Authentication-Results Importance Priority Precedence
    User-Agent X-Mailer X-Priority X-MSMail-Priority X-MimeOLE X-Originating-IP X-Spam-Status
    X-Spam-Flag X-Spam-Level X-Spam-Score X-Virus-Scanned List-Id List-Unsubscribe List-Help
    List-Post Auto-Submitted Thread-Index Thread-Topic Disposition-Notification-To Host
""")  # fmt: skip
"""Header fields (RFC 5322, IANA)."""

PRODUCTS: Final = _words("""
    Postfix Exim Sendmail Microsoft Exchange MAIL Service Server qmail Postmaster Courier Dovecot
    OpenSMTPD Zimbra Haraka Halon MDaemon Kerio Lotus Domino GroupWise IronPort AsyncOS Barracuda
    Proofpoint Mimecast MessageLabs Symantec Sophos Fortinet FortiGate FortiMail SonicWALL Cisco
    PIX ASA cmap smap fixup CheckPoint Check Point FireWall FireWall-1 Palo Alto Networks Juniper
    SRX F-Secure fsigk_smtp Raptor Gauntlet TIS Generic handler avast AVG BitDefender AVKSMTP
    G-Data WebShield WebShielde1000 Shield Secure Content Manager EWSA McAfee Trend Micro
    InterScan Messaging Security Suite VirusWall Kaspersky Panda ESET ClamAV ClamSMTP SpamAssassin
    amavis amavisd rspamd ASSP spamd OpenBSD postscreen Version Gateway Appliance Debian GNU
    Ubuntu Linux FreeBSD Windows NetWare Unix Mercury MailEnable hMailServer SurgeMail CommuniGate
    Pro Sun Java System Oracle Nemesis PowerMTA Momentum Ecelerity gsmtp Twisted Python aiosmtpd
    Sendgrid Perl Net Novell NTMail IMail Merak IceWarp Xmail
""")  # fmt: skip
"""Makers and products, as greetings and replies name them."""

ENGLISH: Final = _words("""
    a able about abuse accept acceptable accepted accepting accepts access account accounts action
    active actively add added address addresses after again against agreed ahead all allow allowed
    already also always am an and anonymous another anti antispam any anything appears application
    Apr archive are argument arguments as at attachment attachments attempt attempts Aug
    authenticate authenticated authentication authorization authorize authorized available avoid
    away back bad banned bare base64 based be because become been before begin beginning begins
    behavior behaviour being below between bit blacklist blacklisted block blocked blocklist
    blocks both bounce bounced bounces break broken browser BST buffer bulk busy but by bye byte
    bytes cache call callout can cannot case CDT certificate CEST CET change changed channel
    characters check checked checking checks chunk cipher class client client's clients close
    closed closes closing code com command commands common companies complete completed
    compromised computer computers concurrent configuration configured connect connected
    connecting connection connections contact contained contains content contents continue
    continuing control correct corrupt could count cr crlf CST daemon data database date day days
    Dec defer deferred delay delayed deleted deliver deliverable delivered delivering delivery
    denied deny denying dependent description destination detected did different disabled
    disallowed disconnect disconnected disconnecting disk distribute dns dnsbl do does doesn
    domain domains don done dot down due duplicate during dynamic each early EDT either email
    emails empty enabled encoding encrypted encryption end ended ending ends english enough enter
    envelope error errors EST established etc even exceed exceeded exceeding exceeds except
    exceptional exchange executable exist existing exists expand expected expecting expired
    explanation extended extension extensions external fail failed failing fails failure fatal
    feature features Feb few field fields file files filter filtered filtering filters find first
    fix folder follow following follows forbidden form format forward forwarded forwarding found
    free Fri from full further gateway general give given giving GMT go goes going good goodbye
    got greeting greetings greylist greylisted greylisting had handle handling hang happy has have
    haven header headers hello helo help here high hold home hop hops host hosted hostname hosts
    hour hours how http https i id identify identity if ignored illegal immediately impossible
    improper in inactive inactivity inbound incoming incomplete incorrect indicate infected info
    information initial inout input inside insufficient intended internal internet into invalid ip
    is issue issued it its itself Jan Jul Jun junk just kb keep key know known large larger later
    least left legitimate length less level lf limit limited limits line lines list listed lists
    literal local locally located locked log logged login long longer look looking lookup loop
    looping lost low lower machine made mail mailbox mailboxes mailer mailing mails maintenance
    make malformed malicious malware manually many Mar match matched max maximum may mb MDT
    mechanism meet memory message messages method might min minimum minute minutes missing mode
    Mon month more most moved MST mta much multi multiple must mx my name named names need needed
    negative negotiation nested network never new next nice no nobody non none nonexistent nor
    normal not nothing notice Nov now nul null number object Oct of off offered offers ok okay old
    on once one only open operation operator option optional or order original originating other
    others our out outbound outgoing outside over overquota own owner packet parameter parameters
    parse parsing part partial parts passed password path pause PDT pending per perform period
    permanent permanently permission permitted personal phishing pipelined pipelining place please
    pleased pm point policies policy poor port possible possibly postmaster pre prefix pregreet
    premature presented previous prior private problem problems proceed process processed
    processing prohibited properly proprietary protect protected protection protocol provide
    provided provider proxy PST ptr public purpose queue queued quit quota range rate rather re
    reach reached read reading ready real really reason reasons receive received receiver
    receiving recently recipient recipient's recipients recognise recognised recognize recognized
    record records refer reference refuse refused refuses refusing registered reject rejected
    rejecting rejection rejects relay relayed relaying relays remote removed repeat repeated reply
    report reported reputation request requested requests require required requirement requires
    reserved reset resolve resolved resources respond response restricted result resulting results
    resynchronise resynchronize retried retries retry retrying return returned reverse revoked
    route routed router routing rule rules run running s safe said same Sat saved say says scan
    scanned scanner scanning score second seconds secure secured security see seem seems send
    sender sender's senders sending sends sent Sep Sept sequence server servers service services
    session sessions set several shall short should shut shutdown shutting signature since single
    site size skipped slow small so software some something soon sorry source space spam spammer
    spammers spammy speak specified specify spf spoofing start started starting starts state
    statement status still stop stopped storage store stored stream strict strictly string
    structure subject submission submit submitted succeeded success successful successfully such
    sufficient suggest Sun support supported suspect suspected suspended suspicious
    synchronisation synchronization syntactically syntax system systems t take taken takes target
    tarpit tell temporarily temporary term terminate terminated terminating termination test text
    than thank thanks that the their them then there therefore these they this those though threat
    threshold throttled through Thu tied time timed timeout timeouts times tls to today together
    too total traffic transaction transactions transfer transferring transmission transmit
    transport tried true trusted try trying Tue two type UGFzc3dvcmQ6 unable unacceptable
    unauthenticated unauthorized unavailable unexpected unfortunately unimplemented unknown unless
    unlisted unpipelined unreachable unrecognised unrecognized unresolvable unroutable unrouteable
    unsafe unsolicited unsupported until up upgrade url urls use used user user's users uses using
    UTC valid validate validation value values ve verification verified verify verifying version
    very via violation virus viruses visit volume VXNlcm5hbWU6 wait waiting want warning was we
    website Wed welcome well were what when where whether which while whitelist who whole why will
    window with within without won words work working would write writing wrong x yes yet you your
    yours yourself zero zone
    pregreeting setting settings
""")  # fmt: skip
"""What replies are made of; also the two prompts of AUTH LOGIN in base64."""

LOGS: Final = _words("""
    TLS1 ECDHE ECDSA ECDH DHE RSA AES AES128 AES256 GCM CBC CCM SHA1 SHA256 SHA384 SHA512 CHACHA20
    POLY1305 X25519 prime256v1
    postfix smtpd smtp cleanup qmgr bounce exim exim4 sendmail sm-mta sm-mta-in maillog mainlog
    rejectlog panic log daemon arg1 relay delay delays dsn stat sent deferred bounced nrcpt nrcpts
    pid msgid ruleset reject milter queue active removed uid orig_to ctladdr mailer pri xdelay tcp
    inet unix anonymous trusted untrusted verified cipher bits CV DN SNI no yes PRX TFO CTX
    NOQUEUE RCPT lost disconnect dropped conversation timeout proto sasl_method sasl_username
    warning info statistics rate count max H U P S T R F A I C D DT QT K L M N id esmtps esmtpsa
    esmtpa asmtp esmtp esmtpsutf8 local remote_smtp dnslookup router transport collect unqualified
""")  # fmt: skip
"""What mail logs say beside."""

REPLY: Final = VERBS | KEYWORDS | PRODUCTS | ENGLISH
COMMAND: Final = KEYWORDS
LOG: Final = REPLY | LOGS

SHAPED: Final = re.compile(r"X{2,}[A-Z]?|x{3,}|SCM\d+|EWSA\w+|TLSv\d|SSLv\d|v\d+|V\d+|ESMTP?S?A?")
"""Words of a shape that stay: masks with and without an ordinal, some products and versions."""


def stays(word: str, known: frozenset[str]) -> bool:
    """Whether a word, or one with hyphens, is known."""
    return word.lower() in known or is_mask(word) or SHAPED.fullmatch(word) is not None


def is_verb(word: str) -> bool:
    """Whether a word is a verb, whole or with letters overwritten."""
    lower = word.lower()
    return lower in VERBS or is_mask(word) or ("x" in lower and _overwritten(lower))


def _overwritten(lower: str) -> bool:
    """Whether a word can be a common verb of which a part was overwritten."""
    return any(
        len(verb) == len(lower)
        and all(new in ("x", old) for old, new in zip(verb, lower, strict=True))
        for verb in VERBS
    )
