"""Ops that a model may have beside the allowed ones where it is run, but not published.

None of them reads, lists or writes files, calls Python, loads libraries, opens connections or
prints, whatever it is given: they parse, look up, count, draw and compute, in memory alone. No
model of ours needs them, other people's do: estimators, models of text, what is left of training.
An op that is named neither here nor there is run only where `--trust` is given.
"""

from exporter.releases.allowed_ops import ALLOWED

# Iterators and datasets that come from elsewhere: which ops make those is judged by itself.
_FLOW = """
    ControlTrigger FakeParam For GuaranteeConst HostConst IteratorGetNext IteratorGetNextAsOptional
    IteratorGetNextSync MapDefun OptionalFromValue OptionalGetValue OptionalHasValue OptionalNone
    PlaceholderV2 ReduceDataset RefEnter RefExit RefIdentity RefMerge RefNextIteration RefSelect
    RefSwitch Snapshot ToBool
"""

# Also of TensorFlow 1, and what its optimizers left in a graph.
_VARIABLES = """
    ApplyAdaMax ApplyAdadelta ApplyAdagrad ApplyAdagradDA ApplyAdagradV2 ApplyAdam ApplyAddSign
    ApplyCenteredRMSProp ApplyFtrl ApplyFtrlV2 ApplyGradientDescent ApplyMomentum ApplyPowerSign
    ApplyProximalAdagrad ApplyProximalGradientDescent ApplyRMSProp CountUpTo
    DestroyTemporaryVariable ResourceApplyAdaMax ResourceApplyAdadelta ResourceApplyAdagrad
    ResourceApplyAdagradDA ResourceApplyAdagradV2 ResourceApplyAdamWithAmsgrad ResourceApplyAddSign
    ResourceApplyCenteredRMSProp ResourceApplyFtrl ResourceApplyFtrlV2 ResourceApplyKerasMomentum
    ResourceApplyPowerSign ResourceApplyProximalAdagrad ResourceApplyProximalGradientDescent
    ResourceCountUpTo ResourceScatterDiv ResourceScatterMax ResourceScatterMin ResourceScatterMul
    ResourceScatterNdMax ResourceScatterNdMin ResourceScatterNdSub ResourceSparseApplyAdadelta
    ResourceSparseApplyAdagrad ResourceSparseApplyAdagradDA ResourceSparseApplyAdagradV2
    ResourceSparseApplyCenteredRMSProp ResourceSparseApplyFtrl ResourceSparseApplyFtrlV2
    ResourceSparseApplyKerasMomentum ResourceSparseApplyMomentum ResourceSparseApplyProximalAdagrad
    ResourceSparseApplyProximalGradientDescent ResourceSparseApplyRMSProp ScatterAdd ScatterDiv
    ScatterMax ScatterMin ScatterMul ScatterNdAdd ScatterNdMax ScatterNdMin ScatterNdSub
    ScatterNdUpdate ScatterSub ScatterUpdate SparseApplyAdadelta SparseApplyAdagrad
    SparseApplyAdagradDA SparseApplyAdagradV2 SparseApplyCenteredRMSProp SparseApplyFtrl
    SparseApplyFtrlV2 SparseApplyMomentum SparseApplyProximalAdagrad
    SparseApplyProximalGradientDescent SparseApplyRMSProp StridedSliceAssign TemporaryVariable
"""

_MATH = """
    AccumulateNV2 ApproxTopK BandedTriangularSolve BatchCholesky BatchCholeskyGrad BatchFFT
    BatchFFT2D BatchFFT3D BatchIFFT BatchIFFT2D BatchIFFT3D BatchMatrixBandPart
    BatchMatrixDeterminant BatchMatrixDiag BatchMatrixDiagPart BatchMatrixInverse
    BatchMatrixSetDiag BatchMatrixSolve BatchMatrixSolveLs BatchMatrixTriangularSolve
    BatchSelfAdjointEig BatchSelfAdjointEigV2 BatchSvd BesselI0 BesselI0e BesselI1 BesselI1e
    BesselJ0 BesselJ1 BesselK0 BesselK0e BesselK1 BesselK1e BesselY0 BesselY1 CholeskyGrad
    ComplexAbs ComputeAccidentalHits Dawsn Eig EuclideanNorm Expint FFT3D FFTND FresnelCos
    FresnelSin IFFT3D IFFTND IRFFT3D IRFFTND IgammaGradA IsotonicRegression KMC2ChainInitialization
    KmeansPlusPlusInitialization KthOrderStatistic ListDiff LogMatrixDeterminant Lu MakeUnique
    MatrixDiagPartV2 MatrixDiagV2 MatrixExponential MatrixLogarithm MatrixSetDiagV2 MatrixSolveLs
    MatrixSquareRoot MatrixTriangularSolve NearestNeighbors NthElement PopulationCount RFFT3D
    RFFTND RandomGammaGrad ScatterNdNonAliasingAdd SegmentMaxV2 SegmentMinV2 SegmentProdV2
    SegmentSumV2 SelfAdjointEig SelfAdjointEigV2 SobolSample Spence TensorScatterMax
    TensorScatterMin TensorStridedSliceUpdate TileGrad TopKUnique TopKWithUnique TridiagonalMatMul
    TridiagonalSolve UniqueWithCountsV2
"""

_NETWORKS = """
    AdjustContrast AvgPool3DGrad BatchNormWithGlobalNormalization
    BatchNormWithGlobalNormalizationGrad BlockLSTM BlockLSTMGrad BlockLSTMGradV2 BlockLSTMV2
    CTCBeamSearchDecoder CTCGreedyDecoder CTCLoss CTCLossV2 CombinedNonMaxSuppression Conv
    Conv2DBackpropFilterV2 Conv2DBackpropInputV2 Conv3DBackpropFilter Conv3DBackpropFilterV2
    Conv3DBackpropInput Conv3DBackpropInputV2 CropAndResizeGradBoxes CropAndResizeGradImage
    DataFormatDimMap DataFormatVecPermute Dilation2DBackpropFilter Dilation2DBackpropInput
    DrawBoundingBoxes DrawBoundingBoxesV2 ExtractGlimpse ExtractGlimpseV2 ExtractVolumePatches
    FakeQuantWithMinMaxArgsGradient FakeQuantWithMinMaxVarsGradient
    FakeQuantWithMinMaxVarsPerChannelGradient FractionalAvgPool FractionalAvgPoolGrad
    FractionalMaxPool FractionalMaxPoolGrad GRUBlockCell GRUBlockCellGrad
    GenerateBoundingBoxProposals ImageProjectiveTransformV2 ImageProjectiveTransformV3
    LSTMBlockCell LSTMBlockCellGrad MaxPool3DGrad MaxPool3DGradGrad MaxPoolGradGrad
    MaxPoolGradGradV2 MaxPoolGradGradWithArgmax MaxPoolGradWithArgmax NonMaxSuppression
    NonMaxSuppressionV2 NonMaxSuppressionWithOverlaps QuantizeAndDequantize
    QuantizeAndDequantizeV4Grad QuantizeDownAndShrinkRange QuantizedAdd QuantizedAvgPool
    QuantizedBatchNormWithGlobalNormalization QuantizedBiasAdd QuantizedConcat QuantizedConcatV2
    QuantizedConv2D QuantizedConv2DAndRelu QuantizedConv2DAndReluAndRequantize
    QuantizedConv2DAndRequantize QuantizedConv2DPerChannel QuantizedConv2DWithBias
    QuantizedConv2DWithBiasAndRelu QuantizedConv2DWithBiasAndReluAndRequantize
    QuantizedConv2DWithBiasAndRequantize QuantizedConv2DWithBiasSignedSumAndReluAndRequantize
    QuantizedConv2DWithBiasSumAndRelu QuantizedConv2DWithBiasSumAndReluAndRequantize
    QuantizedDepthwiseConv2D QuantizedDepthwiseConv2DWithBias
    QuantizedDepthwiseConv2DWithBiasAndRelu QuantizedDepthwiseConv2DWithBiasAndReluAndRequantize
    QuantizedInstanceNorm QuantizedMatMul QuantizedMatMulWithBias
    QuantizedMatMulWithBiasAndDequantize QuantizedMatMulWithBiasAndRelu
    QuantizedMatMulWithBiasAndReluAndRequantize QuantizedMatMulWithBiasAndRequantize
    QuantizedMaxPool QuantizedMul QuantizedRelu QuantizedRelu6 QuantizedReluX QuantizedReshape
    QuantizedResizeBilinear RequantizationRange RequantizationRangePerChannel Requantize
    RequantizePerChannel ScaleAndTranslateGrad UniformDequantize UniformQuantize
    UniformQuantizedAdd UniformQuantizedClipByValue UniformQuantizedConvolution
    UniformQuantizedConvolutionHybrid UniformQuantizedDot UniformQuantizedDotHybrid
    UniformRequantize
"""

_SPARSE = """
    CSRSparseMatrixComponents CSRSparseMatrixToDense CSRSparseMatrixToSparseTensor
    DenseCountSparseOutput DenseToCSRSparseMatrix DenseToDenseSetOperation
    DenseToSparseSetOperation DeserializeManySparse DeserializeSparse RaggedBincount
    RaggedCountSparseOutput RaggedCross RaggedFillEmptyRows RaggedFillEmptyRowsGrad RaggedGather
    RaggedRange RaggedTensorFromVariant RaggedTensorToSparse RaggedTensorToTensor
    RaggedTensorToVariant RaggedTensorToVariantGradient SerializeManySparse SerializeSparse SetSize
    SparseAdd SparseAddGrad SparseBincount SparseConcat SparseCountSparseOutput SparseCross
    SparseCrossHashed SparseCrossV2 SparseDenseCwiseAdd SparseDenseCwiseDiv SparseDenseCwiseMul
    SparseFillEmptyRows SparseFillEmptyRowsGrad SparseMatMul SparseMatrixAdd SparseMatrixMatMul
    SparseMatrixMul SparseMatrixNNZ SparseMatrixOrderingAMD SparseMatrixSoftmax
    SparseMatrixSoftmaxGrad SparseMatrixSparseCholesky SparseMatrixSparseMatMul
    SparseMatrixTranspose SparseMatrixZeros SparseReduceMax SparseReduceMaxSparse SparseReduceSum
    SparseReduceSumSparse SparseReorder SparseReshape SparseSegmentMean SparseSegmentMeanGrad
    SparseSegmentMeanGradV2 SparseSegmentMeanWithNumSegments SparseSegmentSqrtN
    SparseSegmentSqrtNGrad SparseSegmentSqrtNGradV2 SparseSegmentSqrtNWithNumSegments
    SparseSegmentSum SparseSegmentSumGrad SparseSegmentSumGradV2 SparseSegmentSumWithNumSegments
    SparseSlice SparseSliceGrad SparseSoftmax SparseSparseMaximum SparseSparseMinimum SparseSplit
    SparseTensorDenseAdd SparseTensorDenseMatMul SparseTensorToCSRSparseMatrix SparseToDense
    SparseToSparseSetOperation
"""

# Which grow in loops.
_LISTS = """
    EmptyTensorList EmptyTensorMap Stack StackClose StackCloseV2 StackPop StackPopV2 StackPush
    StackPushV2 StackV2 TensorArray TensorArrayClose TensorArrayCloseV2 TensorArrayCloseV3
    TensorArrayConcat TensorArrayConcatV2 TensorArrayConcatV3 TensorArrayGather TensorArrayGatherV2
    TensorArrayGatherV3 TensorArrayGrad TensorArrayGradV2 TensorArrayGradV3
    TensorArrayGradWithShape TensorArrayPack TensorArrayRead TensorArrayReadV2 TensorArrayReadV3
    TensorArrayScatter TensorArrayScatterV2 TensorArrayScatterV3 TensorArraySize TensorArraySizeV2
    TensorArraySizeV3 TensorArraySplit TensorArraySplitV2 TensorArraySplitV3 TensorArrayUnpack
    TensorArrayV2 TensorArrayV3 TensorArrayWrite TensorArrayWriteV2 TensorArrayWriteV3
    TensorListConcat TensorListConcatLists TensorListPushBackBatch TensorListScatter
    TensorListScatterIntoExistingList TensorMapErase TensorMapHasKey TensorMapInsert
    TensorMapLookup TensorMapSize TensorMapStackKeys
"""

_TEXT = """
    DecodeCSV DecodeCompressed DecodeJSONExample DecodePaddedRaw EditDistance Fingerprint
    ParseExample ParseExampleV2 ParseSequenceExample ParseSequenceExampleV2 ParseSingleExample
    ParseSingleSequenceExample ParseTensor SerializeTensor StringFormat StringNGrams StringSplit
    StringToHashBucket UnicodeDecodeWithOffsets UnicodeScript UnicodeTranscode UnsortedSegmentJoin
"""

_TABLES = """
    AnonymousHashTable AnonymousMutableDenseHashTable AnonymousMutableHashTable
    AnonymousMutableHashTableOfTensors HashTable InitializeTable InitializeTableV2
    LookupTableExport LookupTableFind LookupTableImport LookupTableInsert LookupTableRemoveV2
    LookupTableSize MutableDenseHashTable MutableDenseHashTableV2 MutableHashTable
    MutableHashTableOfTensors MutableHashTableOfTensorsV2
"""

_SOUNDS = """
    AudioSpectrogram DecodeWav EncodeWav Mfcc
"""

_IMAGES = """
    DecodeJxl DecodeWebP EncodeJpegVariableQuality
"""

# Summaries as bytes; those that write them are other ops.
_SUMMARIES = """
    AudioSummary AudioSummaryV2 HistogramSummary ImageSummary MergeSummary ScalarSummary
    TensorSummary TensorSummaryV2
"""

# Trees that were boosted by estimators.
_TREES = """
    BoostedTreesBucketize BoostedTreesCreateEnsemble BoostedTreesCreateQuantileStreamResource
    BoostedTreesDeserializeEnsemble BoostedTreesEnsembleResourceHandleOp
    BoostedTreesGetEnsembleStates BoostedTreesPredict BoostedTreesQuantileStreamResourceDeserialize
    BoostedTreesQuantileStreamResourceGetBucketBoundaries
    BoostedTreesQuantileStreamResourceHandleOp BoostedTreesSerializeEnsemble
    IsBoostedTreesEnsembleInitialized IsBoostedTreesQuantileStreamResourceInitialized
"""

# All but what takes the name of a file of words.
_RANDOM = """
    AllCandidateSampler LearnedUnigramCandidateSampler LogUniformCandidateSampler
    NonDeterministicInts RandomCrop RandomIndexShuffle RandomPoisson RngSkip
    SampleDistortedBoundingBox SampleDistortedBoundingBoxV2 StatefulRandomBinomial
    StatefulStandardNormal StatefulTruncatedNormal StatefulUniformInt
    StatelessParameterizedTruncatedNormal StatelessRandomBinomial StatelessRandomGammaV2
    StatelessRandomGammaV3 StatelessRandomGetKeyCounterAlg StatelessRandomPoisson
    StatelessRandomUniformFullInt StatelessRandomUniformFullIntV2
    StatelessSampleDistortedBoundingBox ThreadUnsafeUnigramCandidateSampler UniformCandidateSampler
"""

RUNNABLE: frozenset[str] = ALLOWED | frozenset(
    " ".join(
        (
            _FLOW,
            _VARIABLES,
            _MATH,
            _NETWORKS,
            _SPARSE,
            _LISTS,
            _TEXT,
            _TABLES,
            _SOUNDS,
            _IMAGES,
            _SUMMARIES,
            _TREES,
            _RANDOM,
        )
    ).split()
)
