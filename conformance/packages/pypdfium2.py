"""pypdfium2: PDFium through ctypes: structures, buffers, and callbacks for files."""

import ctypes
import hashlib
import io

import pypdfium2 as pdfium
import pypdfium2.raw as raw


def _document() -> "pdfium.PdfDocument":
    document = pdfium.PdfDocument.new()
    page = document.new_page(200, 100)
    for index, red in enumerate((0, 128, 255)):
        path = raw.FPDFPageObj_CreateNewRect(10 + 60 * index, 10, 40, 60)
        raw.FPDFPageObj_SetFillColor(path, red, 40, 80, 255)
        raw.FPDFPath_SetDrawMode(path, raw.FPDF_FILLMODE_ALTERNATE, True)
        raw.FPDFPage_InsertObject(page, path)
    font = raw.FPDFText_LoadStandardFont(document, b"Helvetica")
    text = raw.FPDFPageObj_CreateTextObj(document, font, 12.0)
    words = "four bridges\0".encode("utf-16-le")
    raw.FPDFText_SetText(text, ctypes.cast(words, raw.FPDF_WIDESTRING))
    matrix = raw.FS_MATRIX(1, 0, 0, 1, 15, 80)
    raw.FPDFPageObj_SetMatrix(text, matrix)
    raw.FPDFPage_InsertObject(page, text)
    page.gen_content()
    return document


def check_saving_through_a_callback() -> list:
    out = io.BytesIO()
    _document().save(out)
    data = out.getvalue()
    return [data[:8], len(data) > 500, data.count(b"obj")]


def check_loading_through_a_callback() -> list:
    out = io.BytesIO()
    _document().save(out)
    out.seek(0)
    document = pdfium.PdfDocument(out)
    page = document[0]
    text = page.get_textpage()
    return [
        len(document),
        page.get_size(),
        text.get_text_range(),
        text.count_rects(),
        [tuple(round(edge, 2) for edge in text.get_charbox(index)) for index in range(3)],
    ]


def check_rendering() -> list:
    page = _document()[0]
    bitmap = page.render(scale=2, rotation=90)
    pixels = bytes(bitmap.buffer)
    return [
        bitmap.width,
        bitmap.height,
        bitmap.stride,
        hashlib.sha256(pixels).hexdigest(),
        len(set(pixels)),
    ]


def check_objects() -> list:
    page = _document()[0]
    return [
        (item.type, [round(edge, 3) for edge in item.get_bounds()], item.get_matrix().get())
        for item in page.get_objects()
    ]


def check_a_broken_file_is_an_error() -> str:
    try:
        pdfium.PdfDocument(b"no document at all")
    except pdfium.PdfiumError as error:
        return str(error)
    return "accepted"
